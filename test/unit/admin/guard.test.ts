import { describe, expect, test } from 'vitest'
import { AdminWorld, problemOf, TOKEN } from './admin-world.ts'

const MUTATING = [
  ...['rotate', 'pause', 'resume', 'abort', 'retry', 'adopt', 'revoke'].map(
    (word) => `/api/credentials/vonage/${word}`,
  ),
  '/reload',
  '/quitquitquit',
]
const GUARDED = [
  ['GET', '/api/credentials'],
  ['GET', '/api/credentials/vonage'],
  ...MUTATING.map((path) => ['POST', path] as const),
] as const

function untouched(world: AdminWorld): void {
  expect([world.control.commands, world.reloads, world.quits]).toEqual([[], 0, 0])
}

describe.each(GUARDED)('%s %s', (method, path) => {
  test.each([
    ['no token', { authorization: null }],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['the beginning of the token', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['a longer token', { authorization: `Bearer ${TOKEN}x` }],
    ['the token in another scheme', { authorization: `Basic ${TOKEN}` }],
    ['an empty token', { authorization: 'Bearer ' }],
  ])('answers %s with 401 and changes nothing', async (_name, headers) => {
    const world = new AdminWorld()
    const response = await world.ask(method, path, method === 'POST' ? {} : undefined, headers)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="sidekey"')
    expect(await problemOf(response)).toMatchObject({ status: 401, code: 'token-required' })
    untouched(world)
  })

  test.each([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['the origin of another port', { origin: 'http://127.0.0.1:8080' }],
    ['a fetch from another site', { 'sec-fetch-site': 'cross-site' }],
    ['a fetch from a sibling site', { 'sec-fetch-site': 'same-site' }],
  ])('answers %s with 403 although the token is right', async (_name, headers) => {
    const world = new AdminWorld()
    const response = await world.ask(method, path, method === 'POST' ? {} : undefined, headers)
    expect(await problemOf(response)).toMatchObject({ status: 403, code: 'origin-not-allowed' })
    untouched(world)
  })

  test('does not exist while no token is configured, and says which key turns it on', async () => {
    const world = new AdminWorld()
    world.token = null
    const response = await world.ask(method, path, method === 'POST' ? {} : undefined)
    const { status, code, detail } = await problemOf(response)
    expect([status, code]).toEqual([404, 'admin-api-off'])
    expect(detail).toContain('admin.tokenFile')
    untouched(world)
  })
})

test.each(MUTATING)(
  'GET %s is 405 with and without the token, and changes nothing',
  async (path) => {
    const world = new AdminWorld()
    for (const headers of [{}, { authorization: null }]) {
      const response = await world.ask('GET', path, undefined, headers)
      expect(response.headers.get('allow')).toBe('POST')
      expect((await problemOf(response)).status).toBe(405)
    }
    untouched(world)
  },
)

test("the page's own call, which carries its origin, is let through", async () => {
  const world = new AdminWorld()
  const own = { origin: 'http://127.0.0.1:9901', 'sec-fetch-site': 'same-origin' }
  const response = await world.ask('POST', '/api/credentials/vonage/pause', {}, own)
  expect(response.status).toBe(202)
})

test('a wrong token is logged without its text, an absent one is not', async () => {
  const world = new AdminWorld()
  await world.ask('GET', '/api/credentials', undefined, { authorization: null })
  expect(world.log.events).toEqual([])
  await world.ask('GET', '/api/credentials', undefined, { authorization: 'Bearer guess' })
  expect(world.log.events).toEqual([{ level: 'warn', event: 'admin token refused', fields: {} }])
})

test.each([
  ['127.0.0.1:9901', 200],
  ['[::1]:9901', 200],
  ['localhost:9901', 200],
  ['sidekey:9901', 200],
  ['sidekey.default.svc:9901', 200],
  ['evil.example:9901', 421],
  ['127.0.0.1.evil.example', 421],
  ['localhost.evil.example:9901', 421],
])('the page under the host %s is %i', async (host, status) => {
  expect((await new AdminWorld().ask('GET', '/', undefined, { host })).status).toBe(status)
})
