import { afterEach, expect, test } from 'vitest'
import type { Injection } from '../../../src/kernel/route.ts'
import { Bench, S1, S2 } from './bench.ts'

let bench: Bench
afterEach(() => bench.stop())

const pair = (prefix = '') => [
  { name: `${prefix}api_key`, template: '{apiKey}' },
  { name: `${prefix}api_secret`, template: '{secret}' },
]
const basic: Injection = { kind: 'basic', username: '{apiKey}', password: '{secret}' }
const bearer: Injection = { kind: 'bearer', token: '{secret}' }
const query: Injection = { kind: 'query', parameters: pair() }
const form: Injection = { kind: 'form', fields: pair() }
const json: Injection = { kind: 'json', members: pair('/') }

const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
const JSON_TYPE = { 'content-type': 'application/json' }
const BASIC = `Basic ${Buffer.from(`a1b2c3d4:${S1}`).toString('base64')}`

const withPlacements = (...inject: Injection[]) => Bench.start({ endpoint: { inject } })
const seen = () => bench.upstream.requests[0]

test.each([
  ['basic', basic, BASIC],
  ['bearer', bearer, `Bearer ${S1}`],
])('row 29: every Authorization of the caller is replaced by ours: %s', async (_n, kind, want) => {
  bench = await withPlacements(kind)
  await bench.raw(
    'GET /partner/x HTTP/1.1\r\nHost: localhost\r\nauthorization: Bearer EVIL\r\nAUTHORIZATION: Basic RVZJTA==\r\nConnection: close\r\n\r\n',
  )
  expect(seen()?.values('authorization')).toEqual([want])
})

test('row 30: aliases of the injected field are taken out', async () => {
  bench = await Bench.start({})
  await bench.send({ headers: { X_Api_Key: 'evil', 'x-api-key': 'evil2' } })
  expect(seen()?.fields.join(' ')).not.toContain('evil')
  expect(seen()?.values('x-api-key')).toEqual([S1])
})

test.each(['Content_Length: 3', 'Transfer_Encoding: chunked'])(
  'row 30: %s is refused',
  async (f) => {
    bench = await Bench.start({})
    const text = await bench.raw(`GET /partner/x HTTP/1.1\r\nHost: localhost\r\n${f}\r\n\r\n`)
    expect(text).toMatch(/^HTTP\/1.1 400 /)
    expect(bench.upstream.requests).toEqual([])
  },
)

test('row 33: query parameters are replaced after decoding, all other bytes stay', async () => {
  bench = await withPlacements(query)
  await bench.send({
    path: '/partner/x?api_secret=x&a=1&api%5Fsecret=y&api_secret[]=z&A=%2f&b=+&&c=%zz',
  })
  expect(seen()?.target).toBe(
    `/x?api_secret=${S1}&a=1&api_secret[]=z&A=%2f&b=+&&c=%zz&api_key=a1b2c3d4`,
  )
})

test('row 34: form fields are replaced, and the length is that of the new body', async () => {
  bench = await withPlacements(form)
  const body = 'api_secret=x&a=1+2&api%5Fsecret=y&api_secret[]=z&A=%2f&b=%20'
  await bench.send({ method: 'POST', headers: FORM, body })
  const want = `api_secret=${S1}&a=1+2&api_secret[]=z&A=%2f&b=%20&api_key=a1b2c3d4`
  expect(seen()?.body.toString()).toBe(want)
  expect(seen()?.values('content-length')).toEqual([String(want.length)])
})

test('row 35: JSON members are replaced at the top, all other bytes stay', async () => {
  bench = await withPlacements(json)
  const body = String.raw`{"id":12345678901234567890,"x":1e400,"api\u005fsecret":"q","n":{"api_secret":1}}`
  await bench.send({ method: 'POST', headers: JSON_TYPE, body })
  expect(seen()?.body.toString()).toBe(
    String.raw`{"api_key":"a1b2c3d4","id":12345678901234567890,"x":1e400,"api\u005fsecret":"${S1}","n":{"api_secret":1}}`,
  )
})

test.each([
  ['invalid JSON', '{"a":', 400, 'body-malformed'],
  ['an array', '[{"api_secret":"x"}]', 400, 'body-malformed'],
  ['a byte order mark', '\uFEFF{}', 400, 'body-malformed'],
  ['100,000 levels', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400, 'body-malformed'],
  ['more than 1 MiB', `{"a":"${'x'.repeat(1024 * 1024)}"}`, 413, 'body-too-large'],
])(
  'row 35: %s is refused where only the body can carry the credential',
  async (_n, body, status, code) => {
    bench = await withPlacements(json)
    const answer = await bench.send({ method: 'POST', headers: JSON_TYPE, body })
    expect(answer.status).toBe(status)
    expect(answer.headers['sidekey-error']).toBe(code)
    expect(bench.upstream.requests).toEqual([])
  },
)

test.each([
  ['text', { 'content-type': 'text/plain' }, 'a=1', 415],
  ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }, '--x--', 415],
  ['an encoded form', { ...FORM, 'content-encoding': 'gzip' }, 'zzz', 415],
  ['no body', FORM, undefined, 400],
])(
  'row 36: %s is refused, and never forwarded unauthenticated',
  async (_n, headers, body, status) => {
    bench = await withPlacements(form)
    const answer = await bench.send({
      method: 'POST',
      headers,
      ...(body === undefined ? {} : { body }),
    })
    expect(answer.status).toBe(status)
    expect(bench.upstream.requests).toEqual([])
  },
)

test.each([
  ['its header', { path: '/partner/x?a=1', headers: { authorization: 'Basic eDp5' } }, 'header'],
  ['its query', { path: '/partner/x?api_key=a&api_secret=b' }, 'query'],
  ['its form', { method: 'POST', headers: FORM, body: 'api_key=a&api_secret=b' }, 'form'],
  ['its JSON', { method: 'POST', headers: JSON_TYPE, body: '{"api_secret":"b"}' }, 'json'],
  ['nothing', { path: '/partner/x' }, 'header'],
])('the caller is followed: it wrote %s', async (_n, options, where) => {
  bench = await withPlacements(basic, form, json, query)
  await bench.send(options)
  const request = seen()
  const found = [
    request?.values('authorization').includes(BASIC) ? 'header' : '',
    request?.target.includes(S1) ? 'query' : '',
    request?.body.includes(`api_secret=${S1}`) ? 'form' : '',
    request?.body.includes(`"api_secret":"${S1}"`) ? 'json' : '',
  ].filter((each) => each !== '')
  expect(found).toEqual([where])
})

test('a caller with two placements keeps the first, and the other is cleaned', async () => {
  bench = await withPlacements(basic, form, query)
  await bench.send({
    method: 'POST',
    path: '/partner/x?api_secret=stale',
    headers: { ...FORM, authorization: 'Basic eDp5' },
    body: 'api_key=a&api_secret=stale&to=1',
  })
  expect(seen()?.values('authorization')).toEqual([BASIC])
  expect(seen()?.target).toBe('/x')
  expect(seen()?.body.toString()).toBe('to=1')
})

test('row 25: a trailer does not bring a second credential', async () => {
  bench = await withPlacements(bearer)
  await bench.raw(
    'POST /partner/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\nConnection: close\r\n\r\n1\r\na\r\n0\r\nAuthorization: Bearer EVIL\r\n\r\n',
  )
  expect(seen()?.values('authorization')).toEqual([`Bearer ${S1}`])
  expect(seen()?.values('trailer')).toEqual([])
})

test('row 31: what Connection names goes, ours and the framing stay', async () => {
  bench = await withPlacements(bearer)
  await bench.raw(
    'POST /partner/x HTTP/1.1\r\nHost: localhost\r\nConnection: authorization, x-strip, host, content-length, close\r\nX-Strip: 1\r\nAuthorization: Bearer EVIL\r\nContent-Length: 3\r\n\r\nabc',
  )
  expect(seen()?.values('authorization')).toEqual([`Bearer ${S1}`])
  expect(seen()?.values('x-strip')).toEqual([])
  expect(seen()?.values('host')).toHaveLength(1)
  expect(seen()?.body.toString()).toBe('abc')
})

test('row 32: fields of this hop do not reach the upstream', async () => {
  bench = await Bench.start({})
  await bench.raw(
    'GET /partner/x HTTP/1.1\r\nHost: localhost\r\nProxy-Authorization: Basic eDp5\r\nProxy-Connection: keep-alive\r\nKeep-Alive: timeout=9\r\nTE: gzip\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nSidekey-Client: t\r\nConnection: close\r\n\r\n',
  )
  for (const name of [
    'proxy-authorization',
    'proxy-connection',
    'keep-alive',
    'te',
    'upgrade',
    'http2-settings',
    'sidekey-client',
  ]) {
    expect(seen()?.values(name)).toEqual([])
  }
})

test('row 39: a redirect is passed on, not followed, and the secret in Location is masked', async () => {
  bench = await Bench.start({
    endpoint: { inject: [query] },
    answer: (request, response) => {
      response.writeHead(302, {
        location: `https://other.example${request.target}`,
        'x-pair': BASIC,
      })
      response.end()
    },
  })
  const answer = await bench.send({ path: '/partner/x' })
  expect(answer.status).toBe(302)
  expect(answer.headers.location).toBe(
    `https://other.example/x?api_key=a1b2c3d4&api_secret=${'*'.repeat(S1.length)}`,
  )
  expect(JSON.stringify(answer.rawHeaders)).not.toContain(BASIC.slice(6))
  expect(bench.upstream.requests).toHaveLength(1)
})

test.each([
  ['raw', S1],
  ['base64', Buffer.from(S1).toString('base64')],
  ['base64url', Buffer.from(S1).toString('base64url')],
  ['hex', Buffer.from(S1).toString('hex')],
  ['the other version', S2],
])('row 40: an echo of the secret in a field or the reason is masked: %s', async (_n, echo) => {
  bench = await Bench.start({
    answer: (_request, response) => {
      response.writeHead(200, `OK ${echo}`, { 'x-echo': `<${echo}>` })
      response.end('x')
    },
  })
  const answer = await bench.send({})
  expect(answer.reason).toBe(`OK ${'*'.repeat(echo.length)}`)
  expect(answer.headers['x-echo']).toBe(`<${'*'.repeat(echo.length)}>`)
})
