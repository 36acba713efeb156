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

test('whoever says no more before its answer is taken to have left', async () => {
  const { origin, accept } = await lines.upstream()
  bench = await Bench.start({ origin })
  const client = await lines.dial(bench.port, true)
  client.socket.end(GET)
  const upstream = await accept()
  await upstream.untilClosed()
  expect(await client.untilClosed()).toBe('')
})
