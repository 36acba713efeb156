import { afterEach, expect, test } from 'vitest'
import { Bench, S1 } from './bench.ts'
import { Lines } from './wire.ts'

let bench: Bench
const lines = new Lines()
afterEach(async () => {
  lines.stop()
  await bench.stop()
})

test('HTTP/1.0: a kept connection, and an answer that ends with it', async () => {
  const { origin, accept } = await lines.upstream()
  bench = await Bench.start({ origin })
  const client = await lines.dial(bench.port)
  const ask = 'GET /partner/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'
  client.write(ask)
  const upstream = await accept()
  await upstream.until(/\r\n\r\n/)
  upstream.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n')
  // It came whole, so that its length can be told.
  expect(await client.until(/ab$/)).toMatch(
    /^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n/,
  )
  client.text = ''
  client.write(ask)
  await upstream.until(/(\r\n\r\n[^]*){2}/)
  upstream.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n')
  await client.until(/ab$/)
  upstream.write('1\r\nc\r\n0\r\nX-Late: t\r\n\r\n')
  const text = await client.untilClosed()
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nConnection: close\r\n\r\nabc$/)
})

test('HTTP/1.0 without a wish to keep it ends the connection', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  client.write('GET /partner/x HTTP/1.0\r\n\r\n')
  expect(await client.untilClosed()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n/)
})

test.each([
  ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'Content-Length: 5\r\n'],
  ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', ''],
  ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
  ['GET', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', 'ETag: "a"\r\n'],
  ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 'Content-Length: 5\r\n'],
])('%s: %j has no body, and the connection goes on', async (method, answer, fields) => {
  const { origin, accept } = await lines.upstream()
  bench = await Bench.start({ origin })
  const client = await lines.dial(bench.port)
  client.write(`${method} /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  const upstream = await accept()
  await upstream.until(/\r\n\r\n/)
  upstream.write(answer)
  const head = await client.until(/\r\n\r\n/)
  expect(head).toBe(
    `${answer.split('\r\n')[0]}\r\n${fields}Connection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\n`,
  )
  client.text = ''
  client.write('GET /nobody HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 404 /)
})

test('a refusal of a HEAD has a length, and no body', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  client.write('HEAD /nobody HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  expect(await client.untilClosed()).toMatch(/^HTTP\/1\.1 404 [^{]*Content-Length: \d+\r\n[^{]*$/)
})

test.each([
  ['a body that is no body', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n', 400],
  ['a field that is none', 'NoColon\r\n\r\n', 400],
  ['fields that are too large', `X-A: ${'a'.repeat(17_000)}\r\n\r\n`, 431],
])('a HEAD is refused without a body: %s', async (_what, rest, status) => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  client.write(`HEAD /partner/x HTTP/1.1\r\nHost: localhost\r\n${rest}`)
  const text = await client.untilClosed()
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^{]*\r\n\r\n$`))
})

test('what is no HTTP behind a HEAD is not taken for one', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  client.write('HEAD /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await client.until(/\r\n\r\n$/)
  client.write('garbage\r\n\r\n')
  expect(await client.untilClosed()).toMatch(/400 malformed-request[^]*\}$/)
})

test('white space around a value is no part of it', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  client.write(
    'POST /partner/x HTTP/1.1\r\nHost: \t localhost \t\r\nTransfer-Encoding: chunked \r\nX-A: b  c \t\r\nX-B: \t\r\n' +
      'Expect:  100-continue \r\nConnection: close \r\n\r\n2\r\nab\r\n0\r\n\r\n',
  )
  expect(await client.untilClosed()).toMatch(/^HTTP\/1\.1 100 [^]*HTTP\/1\.1 200 /)
  const [seen] = bench.upstream.requests
  expect(seen?.values('x-a')).toEqual(['b  c'])
  expect(seen?.values('x-b')).toEqual([''])
  expect(seen?.values('x-api-key')).toEqual([S1])
  expect(seen?.body.toString()).toBe('ab')
})

test('a length with white space behind it is a length', async () => {
  bench = await Bench.start({})
  const client = await lines.dial(bench.port)
  client.write(
    'POST /partner/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2 \r\nConnection: close\r\n\r\nab',
  )
  expect(await client.untilClosed()).toMatch(/^HTTP\/1\.1 200 /)
})
