import { afterEach, expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { Bench, S1 } from './bench.ts'

let bench: Bench
const asked: string[] = []
afterEach(() => bench.stop())

async function start(forward: boolean, more: Parameters<typeof Bench.start>[0] = {}) {
  asked.length = 0
  bench = await Bench.start({
    ...more,
    config: { forward, connect: { intercept: true, unrouted: 'refuse' }, ...more.config },
    deps: {
      resolve: (hostname, done) => {
        asked.push(hostname)
        done(null, [{ address: '93.184.216.34', family: 4 }])
      },
    },
  })
}

const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])
const get = (target: string, host: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

test.each([
  ['http', 'http://api.partner.example/v1/a%2Fb?q=1&&r', 'api.partner.example'],
  [
    'https, as some clients send it',
    'https://api.partner.example/v1/a%2Fb?q=1&&r',
    'api.partner.example',
  ],
  ['its port written', 'http://api.partner.example:80/v1/a%2Fb?q=1&&r', 'api.partner.example'],
  ['other letters', 'HTTP://API.Partner.example./v1/a%2Fb?q=1&&r', 'api.partner.EXAMPLE'],
])('an absolute target of a routed host gets the credential: %s', async (_n, target, host) => {
  await start(true)
  expect(statusOf(await bench.raw(get(target, host)))).toBe(200)
  expect(bench.upstream.requests[0]?.target).toBe('/v1/a%2Fb?q=1&&r')
  expect(bench.upstream.requests[0]?.fields).toContain(S1)
})

test('an absolute target without a path is the root', async () => {
  await start(true)
  await bench.raw(get('http://api.partner.example?x', 'api.partner.example'))
  expect(bench.upstream.requests[0]?.target).toBe('/?x')
})

test('a client that proxies what it sends to Sidekey itself is understood', async () => {
  await start(true)
  await bench.raw(get(`http://127.0.0.1:${bench.port}/partner/v1/x`, `127.0.0.1:${bench.port}`))
  expect(bench.upstream.requests[0]?.target).toBe('/v1/x')
})

test('what a proxy is told of its own hop does not reach the upstream', async () => {
  await start(true)
  await bench.raw(
    'GET http://api.partner.example/ HTTP/1.1\r\nHost: api.partner.example\r\n' +
      'Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\nConnection: close\r\n\r\n',
  )
  expect(bench.upstream.requests[0]?.fields.join(' ')).not.toMatch(/proxy-/i)
})

test('a client shows its token as proxies are shown it', async () => {
  const token = 'f00d'.repeat(16)
  const clients = [{ name: 'app', token: new SecretValue(token), routes: null }]
  await start(true, { config: { clients } })
  const request = (fields: string): string =>
    `GET http://api.partner.example/ HTTP/1.1\r\nHost: api.partner.example\r\n${fields}Connection: close\r\n\r\n`
  expect(statusOf(await bench.raw(request('')))).toBe(407)
  const basic = Buffer.from(`app:${token}`).toString('base64')
  expect(statusOf(await bench.raw(request(`Proxy-Authorization: Basic ${basic}\r\n`)))).toBe(200)
})

test.each([
  ['row 8: a host that is not listed', 'http://evil.example/x', 'evil.example', 403],
  [
    'row 8: a host below a routed one',
    'http://x.api.partner.example/',
    'x.api.partner.example',
    403,
  ],
  ['another port', 'http://api.partner.example:8080/', 'api.partner.example:8080', 403],
  ['row 9: user information', 'http://api.partner.example@evil.example/', 'evil.example', 400],
  ['row 9: a port before it', 'http://api.partner.example:80@evil/', 'evil', 400],
  ['row 10: another Host', 'http://api.partner.example/', 'evil.example', 400],
  ['row 10: another port in Host', 'http://api.partner.example/', 'api.partner.example:81', 400],
  ['another scheme', 'ftp://api.partner.example/', 'api.partner.example', 400],
  ['no host', 'http:///x', 'api.partner.example', 400],
  ['no slashes', 'http:api.partner.example/', 'api.partner.example', 400],
  ['an authority alone', 'api.partner.example:443', 'api.partner.example', 400],
])('%s is refused, with no look-up and nothing sent', async (_n, target, host, status) => {
  await start(true)
  const text = await bench.raw(get(target, host))
  expect(statusOf(text)).toBe(status)
  expect(asked).toEqual([])
  expect(bench.upstream.requests).toEqual([])
})

test('row 7: with the forward proxy off an absolute target is refused', async () => {
  await start(false)
  expect(statusOf(await bench.raw(get('http://api.partner.example/', 'api.partner.example')))).toBe(
    421,
  )
  expect(bench.upstream.requests).toEqual([])
})

const CONFUSING = [
  'api.partner.example\\@evil.example',
  'api.partner.example%00.evil.example',
  'api.partner.example%2eevil.example',
  'evil.example#api.partner.example',
  'evil.example;api.partner.example',
  'evil.example\\.api.partner.example',
  '[::ffff:7f00:1]',
  '[::1%25eth0]',
  '0x7f.1',
  '2130706433',
  '127.1',
  '0177.0.0.1',
  'api.partner.example:80:80',
  'api.partner.example:99999',
  'api.partner.example:+80',
  '\u{ff41}pi.partner.example',
  'api\u3002partner.example',
  'api.partner.example\u00ad',
  'api..partner.example',
  'api.partner.example..',
  '*.partner.example',
  '',
]

test.each(CONFUSING)(
  'row 15: %j leads nowhere, as a target, as Host and as CONNECT',
  async (name) => {
    await start(true)
    const sent = (text: string): Promise<string> => bench.raw(Buffer.from(text, 'utf8'))
    for (const request of [
      get(`http://${name}/`, name),
      get(`http://${name}/`, 'api.partner.example'),
      get('/partner/x', name),
      `CONNECT ${name}:443 HTTP/1.1\r\nHost: ${name}:443\r\n\r\n`,
    ]) {
      expect(statusOf(await sent(request))).toBeGreaterThanOrEqual(400)
    }
    expect(bench.upstream.requests).toEqual([])
    expect(asked).toEqual([])
  },
)

test('an absolute target under our own name with the port of another local service is refused', async () => {
  await start(true)
  for (const authority of ['127.0.0.1:3000', 'localhost']) {
    const answer = await bench.raw(get(`http://${authority}/partner/v1/a`, authority))
    expect(statusOf(answer)).toBe(403)
  }
  expect(bench.upstream.requests).toEqual([])
  expect(asked).toEqual([])
})

test('an absolute target in HTTP/1.0 needs no Host', async () => {
  await start(true)
  const answer = await bench.raw('GET http://api.partner.example/v1/a HTTP/1.0\r\n\r\n')
  expect(statusOf(answer)).toBe(200)
  expect(bench.upstream.requests[0]?.target).toBe('/v1/a')
  expect(statusOf(await bench.raw('GET http://evil.example/v1/a HTTP/1.0\r\n\r\n'))).toBe(403)
})
