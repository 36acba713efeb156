import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { Bench } from './bench.ts'
import { Lines } from './wire.ts'

let bench: Bench
const lines = new Lines()
afterEach(async () => {
  lines.stop()
  await bench.stop()
})

const GET = 'GET /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
const UPLOAD = 'POST /partner/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n'

test.each([
  ['a head that is cut short', 'GET /partner/x HTTP/1.1\r\nHo', 400],
  ['a body that is cut short', `${UPLOAD}ab`, 400],
])('whoever says no more behind its request is told: %s', async (_what, bytes, status) => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port, true)
  client.socket.end(bytes)
  const text = await client.until(/\}$/)
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\\}$`))
  await client.untilClosed()
  expect(bench.upstream.requests).toEqual([])
})

test.each([
  ['says no more', (socket: Socket) => void socket.end()],
  ['breaks its connection', (socket: Socket) => void socket.resetAndDestroy()],
])(
  'whoever %s before its answer is taken to have left, whatever it has sent behind',
  async (_what, leave) => {
    const { origin, accept } = await lines.upstream()
    bench = await Bench.start({ origin })
    for (const bytes of [GET, `${UPLOAD}abcde\r\n`, GET + GET, `${GET}GET /partner/y HTT`]) {
      const client = await lines.dial(bench.port, true)
      client.write(bytes)
      const upstream = await accept()
      await upstream.until(/\r\n\r\n/)
      leave(client.socket)
      await upstream.untilClosed()
      expect(await client.untilClosed()).toBe('')
    }
  },
)

test('what comes ahead of its turn waits in the system, but for some of it', async () => {
  const { origin, accept } = await lines.upstream()
  bench = await Bench.start({ origin })
  const client = await lines.dial(bench.port)
  const rest = Buffer.alloc(16 * 1024 * 1024, GET)
  client.write(rest)
  const upstream = await accept()
  await upstream.until(/\r\n\r\n/)
  // Far more than one turn of the event loop would take.
  for (let i = 0; i < 200; i++) await turn()
  expect(client.socket.writableLength).toBeGreaterThan(rest.length / 2)
})
