import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { Bench, S1 } from './bench.ts'

let bench: Bench
afterEach(() => bench.stop())

const HEAD = 'GET /partner/x HTTP/1.1\r\nHost: localhost\r\n'

const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])

test('row 1: a foreign Host is refused', async () => {
  bench = await Bench.start({})
  const answer = await bench.send({ headers: { host: 'attacker.example' } })
  expect(answer.status).toBe(421)
  expect(answer.headers['sidekey-error']).toBe('host-not-allowed')
  expect(bench.upstream.requests).toEqual([])
})

test('a request by Host reaches the upstream with its whole path', async () => {
  bench = await Bench.start({})
  await bench.send({ path: '/v1/a?b', headers: { host: 'API.partner.example:443' } })
  expect(bench.upstream.requests[0]?.target).toBe('/v1/a?b')
})

test('a request by the Host and port of the upstream reaches it, by our own port it does not', async () => {
  bench = await Bench.start({ route: { hosts: ['127.0.0.1'] } })
  await bench.send({ path: '/v1/a', headers: { host: new URL(bench.upstream.origin).host } })
  expect(bench.upstream.requests[0]?.target).toBe('/v1/a')
  expect((await bench.send({ path: '/v1/a' })).status).toBe(404)
  const answer = await bench.send({ path: '/v1/a', headers: { host: '127.0.0.1:80' } })
  expect(answer.status).toBe(404)
})

test.each(['/v1/..%2Fa', '/v1/%2e%2E%2f', '/v1/../a', '/v1/%5c'])(
  'a path that servers read differently is refused without an allow list too: %s',
  async (path) => {
    bench = await Bench.start({})
    const answer = await bench.send({ path: `/partner${path}` })
    expect(answer.status).toBe(400)
    expect(bench.upstream.requests).toEqual([])
  },
)

test('an encoded slash in an identifier is forwarded where there is no allow list', async () => {
  bench = await Bench.start({})
  await bench.send({ path: '/partner/v1/a%2Fb' })
  expect(bench.upstream.requests[0]?.target).toBe('/v1/a%2Fb')
})

test('the longest prefix wins, at the border of a segment', async () => {
  bench = await Bench.start({})
  const [route] = bench.config.routes
  const longer = { ...route!, name: 'longer', pathPrefix: '/partner/rest', hosts: [] }
  await bench.plane.reload({ ...bench.config, routes: [route!, longer] })
  for (const path of ['/partner/rest/a', '/partner/restful', '/partner?q', '/partner/rest']) {
    await bench.send({ path })
  }
  expect(bench.upstream.requests.map((seen) => seen.target)).toEqual(['/a', '/restful', '/?q', '/'])
  expect((await bench.send({ path: '/partners/x' })).status).toBe(404)
})

test.each([
  ['a simple POST of a page', 'POST', { origin: 'https://evil.example' }],
  ['a cross-site fetch', 'POST', { 'sec-fetch-site': 'cross-site' }],
  [
    'a preflight',
    'OPTIONS',
    { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  ],
])('row 2: %s is refused without any CORS field', async (_n, method, headers) => {
  bench = await Bench.start({})
  const answer = await bench.send({ method, headers })
  expect(answer.status).toBe(403)
  expect(answer.rawHeaders.join(' ').toLowerCase()).not.toContain('access-control')
  expect(bench.upstream.requests).toEqual([])
})

test('row 4: without its token a client is refused, with it it is let in, to its routes only', async () => {
  const token = 'f00d'.repeat(16)
  bench = await Bench.start({
    config: { clients: [{ name: 'app', token: new SecretValue(token), routes: ['partner'] }] },
  })
  const wrong = `${token.slice(0, -1)}x`
  for (const headers of [{}, { 'sidekey-client': wrong }, { 'proxy-authorization': 'Bearer x' }]) {
    const answer = await bench.send({ headers })
    expect(answer.status).toBe(407)
    expect(answer.headers['sidekey-error']).toBe('client-auth-required')
  }
  const basic = `Basic ${Buffer.from(`app:${token}`).toString('base64')}`
  const good = [
    { 'sidekey-client': token },
    { 'proxy-authorization': `Bearer ${token}` },
    { 'proxy-authorization': basic },
  ]
  for (const headers of good) expect((await bench.send({ headers })).status).toBe(200)
  await bench.plane.reload({
    ...bench.config,
    clients: [{ name: 'app', token: new SecretValue(token), routes: ['other'] }],
  })
  expect((await bench.send({ headers: { 'sidekey-client': token } })).status).toBe(403)
})

test.each([
  [
    'row 7: an absolute target',
    'GET http://evil.example/x HTTP/1.1\r\nHost: evil.example\r\n\r\n',
    421,
  ],
  [
    'row 9: user information',
    'GET http://localhost@evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n',
    400,
  ],
  [
    'row 9: a port before it',
    'GET http://localhost:80@evil/ HTTP/1.1\r\nHost: localhost\r\n\r\n',
    400,
  ],
  ['row 10: another Host', 'GET http://localhost/x HTTP/1.1\r\nHost: evil.example\r\n\r\n', 400],
  ['row 12: CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n', 403],
  ['row 12: CONNECT without port', 'CONNECT host HTTP/1.1\r\nHost: host\r\n\r\n', 400],
  ['row 12: CONNECT to a path', 'CONNECT / HTTP/1.1\r\nHost: host\r\n\r\n', 400],
  ['row 14: GET *', 'GET * HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['row 14: OPTIONS */x', 'OPTIONS */x HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['row 14: the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['row 14: HTTP/0.9', 'GET /partner/x\r\n\r\n', 400],
  ['row 14: HTTP/9.9', 'GET /partner/x HTTP/9.9\r\nHost: localhost\r\n\r\n', 400],
  [
    'row 18: CL and TE',
    `${HEAD}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  ...[
    '+5',
    '5 5',
    '5,5',
    '-0',
    '18446744073709551616',
    '5\r\nContent-Length: 5',
    '5\r\nContent-Length: 6',
  ].map((length): [string, string, number] => [
    `row 19: Content-Length ${length.replaceAll('\r\n', ' ')}`,
    `POST /partner/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\nabcde`,
    400,
  ]),
  ...['gzip, chunked', 'identity', 'chunked, chunked', '\x0bchunked', 'xchunked'].map(
    (coding): [string, string, number] => [
      `row 20: Transfer-Encoding ${coding}`,
      `POST /partner/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: ${coding}\r\n\r\n1\r\na\r\n0\r\n\r\n`,
      400,
    ],
  ),
  ...['Transfer-Encoding:\r\n', 'Transfer-Encoding: \r\nContent-Length: 1\r\n'].map(
    (framing): [string, string, number] => [
      `row 20: an empty one, ${JSON.stringify(framing)}`,
      `POST /partner/x HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n0\r\n\r\n`,
      400,
    ],
  ),
  [
    'row 20: an empty one and another one',
    'POST /partner/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding:\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  [
    'row 20: TE in HTTP/1.0',
    'POST /partner/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ...['0x2', 'f'.repeat(17), '1;a=\nb', `1;a=${'x'.repeat(20_000)}`].map(
    (size): [string, string, number] => [
      `row 21: chunk size ${size.slice(0, 20).replaceAll('\n', ' ')}`,
      `POST /partner/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\naa\r\n0\r\n\r\n`,
      size.length > 20_000 ? 413 : 400,
    ],
  ),
  [
    'row 21: a chunk without its end',
    'POST /partner/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n',
    400,
  ],
  [
    'row 21: trailers of 20 KiB',
    `POST /partner/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-T: ${'x'.repeat(20_000)}\r\n\r\n`,
    413,
  ],
  ['two Content-Type fields', `${HEAD}Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n`, 400],
  ['row 22: obs-fold', `${HEAD}X-A: b\r\n c\r\n\r\n`, 400],
  ['row 22: a space before the colon', `${HEAD}X-A : b\r\n\r\n`, 400],
  ['row 22: a bare CR', `${HEAD}X-A: b\rc\r\n\r\n`, 400],
  ['row 22: a bare LF', 'GET /partner/x HTTP/1.1\nHost: localhost\n\n', 400],
  ['row 22: NUL', `${HEAD}X-A: b\0c\r\n\r\n`, 400],
  ['row 22: 0x01', `${HEAD}X-A: b\x01c\r\n\r\n`, 400],
  ['row 23: two Host fields', `${HEAD}Host: localhost\r\n\r\n`, 400],
  ...['', 'localhost/evil', 'a@b', 'a#b'].map((host): [string, string, number] => [
    `row 23: Host ${JSON.stringify(host)}`,
    `GET /partner/x HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    400,
  ]),
  ['row 23: no Host', 'GET /partner/x HTTP/1.1\r\n\r\n', 400],
  ['row 27: 101 fields', `${HEAD}${'a: b\r\n'.repeat(100)}\r\n`, 431],
  ['row 27: 3,000 short fields', `${HEAD}${'a: b\r\n'.repeat(3000)}\r\n`, 431],
  ['row 27: a field of 20 KiB', `${HEAD}a: ${'b'.repeat(20_480)}\r\n\r\n`, 431],
  [
    'row 27: a target of 9 KiB',
    `GET /partner/${'x'.repeat(9_216)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    414,
  ],
  ['row 38: TRACE', 'TRACE /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n', 405],
  ['row 38: TRACK', 'TRACK /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n', 405],
  ['row 38: an unknown method', 'FOO /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  [
    'a WebSocket upgrade of a POST',
    `POST /partner/x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    501,
  ],
])('%s is refused, and the next clean request is served', async (name, bytes, status) => {
  bench = await Bench.start({})
  const text = await bench.raw(bytes, /\r\n\r\n[\s\S]*\}$/)
  // llhttp does not know TRACK, as it does not know FOO.
  expect([status, ...(name.includes('TRACK') ? [400] : [])]).toContain(statusOf(text))
  expect(text.toLowerCase()).toContain('sidekey-error: ')
  expect(text).not.toContain(S1)
  if (status === 400 && !name.includes('FOO'))
    expect(text.toLowerCase()).toContain('connection: close')
  expect(bench.upstream.requests).toEqual([])
  expect((await bench.send({})).status).toBe(200)
})

test('row 14: OPTIONS * is answered here', async () => {
  bench = await Bench.start({})
  expect((await bench.send({ method: 'OPTIONS', path: '*' })).status).toBe(200)
  expect(bench.upstream.requests).toEqual([])
})

const GUARDED = { route: { allow: [{ methods: ['GET', 'POST'], paths: ['/v1/**'] }] } }

test.each([
  ['/v1/../a', 400],
  ['/v1/%2e%2e/a', 400],
  ['/v1/.%2e/a', 400],
  ['/v1/..;/a', 400],
  ['/v1/..%2fa', 400],
  ['/v1\\..\\a', 400],
  ['/v1//../a', 400],
  ['//a', 403],
  ['/v1/x%00', 400],
  ['/v1/x#/../a', 400],
  ['/v1/x%23', 400],
  ['/V1/x', 403],
  ['/v2/x', 403],
  ['/v1/x%2Fy', 400],
])('row 16: %s behind an allow list is refused', async (path, status) => {
  bench = await Bench.start(GUARDED)
  const text = await bench.raw(
    Buffer.from(
      `GET /partner${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      'latin1',
    ),
  )
  expect(statusOf(text)).toBe(status)
  expect(text).toContain('path-refused')
  expect(bench.upstream.requests).toEqual([])
})

test.each(['/v1/%252e%252e/a', '/v1/a..b', '/v1/x%20y', '/v1//x', '/v1'])(
  'row 16: %s behind an allow list is forwarded byte for byte',
  async (path) => {
    bench = await Bench.start(GUARDED)
    expect((await bench.send({ path: `/partner${path}` })).status).toBe(200)
    expect(bench.upstream.requests[0]?.target).toBe(path)
  },
)

test('a method that the allow list does not name is refused', async () => {
  bench = await Bench.start(GUARDED)
  const answer = await bench.send({ method: 'DELETE', path: '/partner/v1/x' })
  expect(answer.status).toBe(405)
  expect(bench.upstream.requests).toEqual([])
})

test('row 17: odd bytes in the target stay as they are', async () => {
  bench = await Bench.start({
    endpoint: { inject: [{ kind: 'query', parameters: [{ name: 'k', template: '{secret}' }] }] },
  })
  const target = '/v1/a|b{}^"?q=%zz&b=+&&c=%C3%28&d'
  await bench.raw(`GET /partner${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  expect(bench.upstream.requests[0]?.target).toBe(`${target}&k=${S1}`)
})

test('row 24: two pipelined requests get two answers in order, each with its own credential', async () => {
  bench = await Bench.start({ answer: (request, response) => response.end(request.target) })
  const text = await bench.raw(
    'GET /partner/1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /partner/2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  )
  expect(text.match(/\r\n\/\d/g)).toEqual(['\r\n/1', '\r\n/2'])
  expect(bench.upstream.requests.map((seen) => seen.values('x-api-key'))).toEqual([[S1], [S1]])
})

test('a pipelined request waits for the end of the answer before its own', async () => {
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  const { promise: allowed, resolve: allow } = Promise.withResolvers<void>()
  bench = await Bench.start({
    answer: (request, response) => {
      resolve()
      void allowed.then(() => response.end(request.target))
    },
  })
  const sent = bench.raw(
    'GET /partner/1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /partner/2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  )
  await asked
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done))
  expect(bench.upstream.requests).toHaveLength(1)
  allow()
  expect((await sent).match(/\r\n\/\d/g)).toEqual(['\r\n/1', '\r\n/2'])
})

test('a client that asks for ten thousand answers and takes none is not read on', async () => {
  bench = await Bench.start({ answer: () => {} })
  const socket = connect(bench.port, '127.0.0.1')
  socket.on('error', () => {})
  // More than the buffers of both ends hold.
  const request = `GET /partner/x HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(4_000)}\r\n\r\n`
  socket.write(request.repeat(10_000))
  await expect.poll(() => bench.upstream.requests.length).toBe(1)
  let waiting = 0
  // It stands still when the buffers are full.
  await expect
    .poll(() => waiting === (waiting = socket.writableLength), { interval: 200 })
    .toBe(true)
  expect(waiting).toBeGreaterThan(request.length * 1_000)
  expect(bench.upstream.requests).toHaveLength(1)
  socket.destroy()
})

test('row 28: field names of Object.prototype are forwarded, and harm nothing', async () => {
  bench = await Bench.start({})
  const fields = ['__proto__', 'constructor', 'toString'].map((name) => `${name}: x\r\n`).join('')
  const text = await bench.raw(`${HEAD}${fields.repeat(30)}Connection: close\r\n\r\n`)
  expect(statusOf(text)).toBe(200)
  expect(bench.upstream.requests[0]?.values('constructor')).toHaveLength(30)
})
