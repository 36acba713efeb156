import { afterEach, expect, test } from 'vitest'
import { Bench, S1 } from '../proxy/bench.ts'

let bench: Bench
afterEach(() => bench.stop())

/** What reached the upstream behind the body, as Node's parser has it. */
async function start(): Promise<readonly string[][]> {
  const trailers: string[][] = []
  bench = await Bench.start({
    answer: (seen, response) => {
      trailers.push(response.req.rawTrailers)
      response.writeHead(200, { 'Transfer-Encoding': 'chunked' })
      response.addTrailers([
        ['X-After', seen.body.toString()],
        ['X-Echo', S1],
        ['Set-Cookie', 'a=b'],
        ['Sidekey-Error', 'no-route'],
        ['Content-Type', 'x/y'],
      ])
      response.end('body')
    },
  })
  return trailers
}

const chunked = (trailers: string): string =>
  'POST /partner/v1/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n' +
  `Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n${trailers}\r\n`

test('row 25: trailers pass, but for those that hold a credential or say how to read the message', async () => {
  const trailers = await start()
  await bench.raw(
    chunked(
      'X-Checksum: 1\r\nAuthorization: Bearer EVIL\r\nX_Api_Key: evil\r\nHost: evil\r\n' +
        'Content-Encoding: gzip\r\nCookie: a\r\nSidekey-Client: x\r\n',
    ),
  )
  const [seen] = bench.upstream.requests
  expect(seen?.body.toString()).toBe('abc')
  expect(seen?.values('x-api-key')).toEqual([S1])
  expect(trailers).toEqual([['X-Checksum', '1']])
})

test('without trailers a held body goes with its length', async () => {
  await start()
  await bench.raw(chunked(''))
  expect(bench.upstream.requests[0]?.values('content-length')).toEqual(['3'])
})

test('a body too large to hold keeps its trailers', async () => {
  const trailers = await start()
  const size = 2 * 1024 * 1024
  const body = 'x'.repeat(size)
  await bench.raw(
    'POST /partner/v1/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n' +
      `${size.toString(16)}\r\n${body}\r\n0\r\nX-Checksum: 2\r\n\r\n`,
  )
  expect(bench.upstream.requests[0]?.body).toHaveLength(size)
  expect(trailers).toEqual([['X-Checksum', '2']])
})

test('trailers of an answer pass, masked, but for those that a trailer may not be', async () => {
  await start()
  const text = await bench.raw(chunked(''))
  const [, after = ''] = text.split('\r\n0\r\n')
  expect(after.split('\r\n').filter(Boolean)).toEqual([
    'X-After: abc',
    `X-Echo: ${'*'.repeat(S1.length)}`,
  ])
})

test('a client of HTTP/1.0 gets the body alone', async () => {
  await start()
  const text = await bench.raw('GET /partner/v1/a HTTP/1.0\r\n\r\n')
  expect(text.endsWith('\r\n\r\nbody')).toBe(true)
})
