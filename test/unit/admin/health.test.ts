import { expect, test } from 'vitest'
import { AdminWorld, problemOf } from './admin-world.ts'

const OPEN = { authorization: null }

test('the probes tell their state without a token', async () => {
  const world = new AdminWorld()
  for (const [path, word] of [
    ['/livez', 'alive'],
    ['/readyz', 'ready'],
    ['/startupz', 'started'],
  ] as const) {
    const response = await world.ask('GET', path, undefined, OPEN)
    expect([response.status, await response.text()]).toEqual([200, `${word}\n`])
  }
  world.live = false
  world.started = false
  world.readiness = { ready: false, reasons: ['credential vonage has no usable secret'] }
  for (const path of ['/livez', '/readyz', '/startupz']) {
    expect((await world.ask('GET', path, undefined, OPEN)).status, path).toBe(503)
  }
})

test('readyz names the reasons when asked for them', async () => {
  const world = new AdminWorld()
  world.readiness = {
    ready: false,
    reasons: ['credential vonage has no usable secret', 'draining'],
  }
  const brief = await world.ask('GET', '/readyz')
  const verbose = await world.ask('GET', '/readyz?verbose')
  expect(await brief.text()).toBe('not ready\n')
  expect(await verbose.text()).toBe(
    '[-] credential vonage has no usable secret\n[-] draining\nnot ready\n',
  )
})

test('metrics come with the content type of their format, without a token', async () => {
  const response = await new AdminWorld().ask('GET', '/metrics', undefined, OPEN)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await response.text()).toBe('sidekey_build_info 1\n')
})

test.each(['/livez', '/readyz', '/startupz', '/metrics', '/'])(
  '%s takes GET and HEAD alone',
  async (path) => {
    const world = new AdminWorld()
    expect((await world.ask('HEAD', path)).status).toBe(200)
    const refused = await world.ask('POST', path, {})
    expect(refused.headers.get('allow')).toBe('GET, HEAD')
    expect(await problemOf(refused)).toMatchObject({ status: 405, code: 'method-not-allowed' })
  },
)

test('nothing that is not there is served', async () => {
  const response = await new AdminWorld().ask('GET', '/etc/passwd')
  expect(await problemOf(response)).toMatchObject({ status: 404, code: 'not-found' })
})

test('every answer forbids caching, sniffing and embedding, and shares nothing across origins', async () => {
  const world = new AdminWorld()
  for (const path of ['/livez', '/metrics', '/', '/api/credentials', '/nowhere']) {
    const { headers } = await world.ask('GET', path)
    expect(headers.get('cache-control'), path).toBe('no-store')
    expect(headers.get('x-content-type-options'), path).toBe('nosniff')
    expect(headers.get('cross-origin-resource-policy'), path).toBe('same-origin')
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
  }
})
