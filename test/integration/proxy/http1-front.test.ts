import { afterEach, expect, test } from 'vitest'
import { settle } from '../../fakes/clock.ts'
import { Bench } from './bench.ts'
import { Lines } from './wire.ts'

let bench: Bench
const lines = new Lines()
afterEach(async () => {
  lines.stop()
  await bench.stop()
})

const GET = 'GET /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
const post = (path: string, length: number): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`

test('a large body that nobody wants leaves the connection to the next request', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  client.write(post('/nobody', 70_000) + 'x'.repeat(70_000))
  await client.until(/404 [^]*\}$/)
  client.write(GET)
  expect(await client.until(/200 OK[^]*\}$/)).toMatch(/200 OK/)
})

test('a broken body behind its whole answer is no further answer', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  client.write(
    'POST /nobody HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
  )
  await client.until(/404 [^]*\}$/)
  client.write('zz\r\n')
  expect((await client.untilClosed()).match(/HTTP\/1\.1/g)).toHaveLength(1)
})

test('a body that goes on behind its answer is read to its end, however long that takes', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  client.write(`${post('/nobody', 99 * 3_000 + 1)}x`)
  await client.until(/404 [^]*\}$/)
  for (let i = 1; i < 100; i++) {
    client.write('x'.repeat(3_000))
    await new Promise((resolve) => client.socket.write('', resolve))
    await bench.clock.advance(1_000)
  }
  client.write(GET)
  expect(await client.until(/200 OK[^]*\}$/)).toMatch(/200 OK/)
})

test('empty lines between requests are no beginning of one', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  client.write(GET)
  await client.until(/\}$/)
  client.write('\r\n')
  await new Promise((resolve) => client.socket.write('', resolve))
  await bench.clock.advance(1_000)
  await bench.clock.advance(12_000)
  client.text = ''
  client.write(GET)
  expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 200 /)
})

test('whoever sends all of a body before it reads gets the answer that ends the connection', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port, true)
  client.socket.pause()
  const size = 4_000_000
  client.write(
    `POST /nobody HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`,
  )
  for (let i = 0; i < size; i += 100_000) {
    await new Promise((resolve) => client.socket.write(Buffer.alloc(100_000), resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
  let failed = ''
  client.socket.on('error', (error) => (failed = String(error)))
  client.socket.resume()
  await client.until(/\}$/)
  expect([failed, client.text]).toEqual(['', expect.stringMatching(/^HTTP\/1\.1 404 /)])
})

test('a head that does not come to its end within 10 s is a 408, and so is one that never begins', async () => {
  bench = await Bench.start({})
  const slow = await lines.dial(bench.port)
  slow.write('GET /partner/x HTTP/1.1\r\nHost: loc')
  const silent = await lines.dial(bench.port)
  const kept = await lines.dial(bench.port)
  kept.write(GET)
  await kept.until(/\}$/)
  await bench.clock.advance(8_000)
  slow.write('alhost\r\n')
  await settle()
  expect([slow.text, silent.text]).toEqual(['', ''])
  await bench.clock.advance(3_000)
  for (const line of [slow, silent]) {
    expect(await line.untilClosed()).toMatch(/^HTTP\/1\.1 408 [^]*Connection: close\r\n/)
  }
  // It waits for nothing yet.
  expect(kept.closed).toBe(false)
  kept.write('GET /')
  await settle()
  kept.text = ''
  await bench.clock.advance(11_000)
  expect(await kept.untilClosed()).toMatch(/^HTTP\/1\.1 408 /)
})

test('a kept connection without a request is closed after 60 s, and not before', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  for (let i = 0; i < 2; i++) {
    client.text = ''
    client.write(GET)
    await client.until(/\}$/)
    await bench.clock.advance(58_000)
    expect(client.closed).toBe(false)
  }
  client.text = ''
  await bench.clock.advance(3_000)
  expect(await client.untilClosed()).toBe('')
})

test('no time passes for a request that waits for its answer', async () => {
  const { promise, resolve } = Promise.withResolvers<() => void>()
  bench = await Bench.start({ answer: (_request, response) => resolve(() => response.end('late')) })
  const client = await lines.dial(bench.port)
  client.write(GET)
  const answer = await promise
  await bench.clock.advance(600_000)
  answer()
  expect(await client.until(/late$/)).toMatch(/^HTTP\/1\.1 200 /)
})

test('whoever goes on sending after the last answer is read for a while, and one who trickles is not', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port, true)
  client.write(
    'POST /nobody HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n',
  )
  await client.until(/404 [^]*\}$/)
  await expect.poll(() => client.ended).toBe(true)
  for (let i = 0; i < 20; i++) {
    client.write('x'.repeat(3_000))
    await settle()
    await bench.clock.advance(1_000)
  }
  expect(client.closed).toBe(false)
  for (let i = 0; i < 8; i++) {
    client.write('x')
    await bench.clock.advance(1_000)
  }
  // The other side is gone: what is sent now comes back as a reset, which the next write sees.
  while (!client.closed) {
    client.write('x')
    await settle()
  }
})

test('a refused head does not hold its connection open, whatever is sent behind it', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port, true)
  client.write('garbage\r\n\r\n')
  await client.until(/400 [^]*\}$/)
  const destroyed = Promise.withResolvers<void>()
  client.socket.once('close', destroyed.resolve)
  for (let i = 0; i < 10; i++) {
    client.write('x')
    await bench.clock.advance(1_000)
  }
  await destroyed.promise
  expect(client.text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1)
})

test('an early answer, the rest of the body and the next request, all in one piece', async () => {
  bench = await Bench.start({ answer: (request, response) => response.end(request.target) })
  const client = await lines.dial(bench.port)
  client.write(`${post('/nobody', 10)}12345`)
  await client.until(/404 [^]*\}$/)
  client.text = ''
  client.write(`67890${GET}${post('/nobody', 3)}123${GET.replace('/x', '/y')}GET /part`)
  await client.until(/\r\n\/y$/)
  client.write('ner/z HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const text = await client.until(/\r\n\/z$/)
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(
    [200, 404, 200, 200].map((status) => `HTTP/1.1 ${status}`),
  )
  expect(bench.upstream.requests.map(({ target }) => target)).toEqual(['/x', '/y', '/z'])
})

test('an upload is answered and its connection ended when the proxy stops meanwhile', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  client.write(`${post('/partner/x', 10)}12345`)
  const busy = await lines.dial(bench.port)
  busy.write(GET)
  await busy.until(/\}$/)
  const stopped = bench.plane.stop(10_000)
  await bench.clock.advance(2_000)
  // What is idle is let go; what has a request is not.
  await busy.untilClosed()
  client.write('67890')
  expect(await client.untilClosed()).toMatch(/^HTTP\/1\.1 200 [^]*Connection: close\r\n[^]*\}$/)
  await stopped
  expect(bench.upstream.requests.at(-1)?.body.toString()).toBe('1234567890')
})

test('whatever ends the stop, no connection that lingers holds it up', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port, true)
  client.write('garbage\r\n\r\n')
  await client.until(/400 [^]*\}$/)
  const stopped = bench.plane.stop(20_000)
  await bench.clock.advance(3_000)
  await stopped
})
