import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { Bench } from './bench.ts'

let bench: Bench
let server: Server
afterEach(async () => {
  await bench.stop()
  server.close()
})

/** Answers the first request of each connection; resets a share of the connections when they are used again. */
async function racing(resetEvery: number): Promise<{ origin: string; seen: Map<string, number> }> {
  const seen = new Map<string, number>()
  let reused = 0
  const serve = (socket: Socket): void => {
    let requests = 0
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (data) => {
      text += data.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
        if (text.length < end + 4 + length) return
        const target = text.split(' ', 2)[1] ?? ''
        text = text.slice(end + 4 + length)
        if (++requests > 1 && ++reused % resetEvery === 0) {
          socket.resetAndDestroy()
          return
        }
        seen.set(target, (seen.get(target) ?? 0) + 1)
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      }
    })
  }
  server = createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

test('the keep-alive race: of 2,000 GET and 2,000 POST none is lost and none is sent twice', async () => {
  const { origin, seen } = await racing(30)
  bench = await Bench.start({ origin })
  let bad = 0
  const work = Array.from({ length: 4_000 }, (_, i) => i)
  const worker = async (): Promise<void> => {
    for (let i = work.pop(); i !== undefined; i = work.pop()) {
      const options = i % 2 === 0 ? {} : { method: 'POST', body: 'abc' }
      const answer = await bench.send({ ...options, path: `/partner/${i}` })
      if (answer.status !== 200) bad++
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  expect(bad).toBe(0)
  expect(seen.size).toBe(4_000)
  expect([...seen.values()].every((times) => times === 1)).toBe(true)
}, 60_000)

test('an upstream that keeps idle connections open gets its POSTs on kept ones', async () => {
  const { origin } = await racing(1_000_000)
  let connections = 0
  server.on('connection', () => connections++)
  bench = await Bench.start({ origin })
  const post = () => bench.send({ method: 'POST', body: 'abc' })
  await post()
  await post()
  expect(connections).toBe(2)
  // The first connection stays idle for its time, and its end at our side earns the trust.
  await expect
    .poll(
      async () => {
        await sleep(100)
        const before = connections
        await post()
        await post()
        return connections - before
      },
      { timeout: 10_000, interval: 300 },
    )
    .toBe(0)
})
