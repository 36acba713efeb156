import { afterEach, beforeEach, expect, test } from 'vitest'
import type { VaultLogin, VaultSource } from '../../../src/kernel/secret-source.ts'
import { FakeVault } from '../../fakes/secret-servers/fake-vault.ts'
import { Bench, vaultSource } from './fetch.ts'

const TOKEN = 'hvs.token-for-tests-0123456789'
const JWT = 'eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl'

let vault: FakeVault
let bench: Bench

beforeEach(async () => {
  bench = new Bench()
  vault = new FakeVault()
  await vault.start()
  vault.roles.set('sidekey', JWT)
  vault.put('secret/partner', { password: 'value-1' })
  vault.put('secret/partner', { password: 'value-2' })
})
afterEach(async () => {
  await bench.end()
  await vault.kill()
})

const byToken = (): VaultLogin => {
  return { kind: 'token', token: { kind: 'file', path: bench.path('token') } }
}
const byKubernetes = (): VaultLogin => {
  const token = { kind: 'file', path: bench.write('jwt', JWT) } as const
  return { kind: 'kubernetes', role: 'sidekey', mount: 'kubernetes', token }
}

function source(more: Partial<VaultSource> = {}): VaultSource {
  return vaultSource({ address: vault.url, login: byToken(), ...more })
}

/** A token that Vault knows, in its file. */
function give(token: string, ttl = 0, renewable = false): void {
  vault.tokens.set(token, { ttl, renewable })
  bench.write('token', `${token}\n`)
}

const targets = () => vault.calls.map(({ method, target }) => `${method} ${target}`)

test('the previous version is the one before the current one', async () => {
  give(TOKEN)
  expect(await bench.open(source())()).toBe('value-2')
  expect(await bench.open(source({ version: 'previous' }))()).toBe('value-1')
  vault.put('secret/partner', { password: 'value-3' })
  expect(await bench.open(source({ version: 'previous' }))()).toBe('value-2')
})

test('a first version has none before it', async () => {
  give(TOKEN)
  vault.put('secret/young', { password: 'value-1' })
  const look = bench.open(source({ path: 'young', version: 'previous' }))
  expect(await look()).toBe('absent: there is no version before the current one')
})

test('a deleted version is absent, and the one before a deleted one is not', async () => {
  give(TOKEN)
  vault.delete('secret/partner', 2)
  expect(await bench.open(source())()).toBe('absent: this version is deleted')
  expect(await bench.open(source({ version: 'previous' }))()).toBe('value-1')
  vault.delete('secret/partner', 1)
  expect(await bench.open(source({ version: 'previous' }))()).toBe(
    'absent: this version is deleted',
  )
})

test('a namespace and the header that agents ask for are sent with each call', async () => {
  give(TOKEN)
  await bench.open(source({ namespace: 'team/a' }))()
  expect(vault.calls.length).toBe(2)
  for (const { headers } of vault.calls) {
    expect(headers).toMatchObject({ 'x-vault-namespace': 'team/a', 'x-vault-request': 'true' })
  }
})

test('one login serves every secret of a server, and is not repeated at each look', async () => {
  const look = bench.open(source({ login: byKubernetes() }))
  for (let i = 0; i < 3; i++) expect(await look()).toBe('value-2')
  expect(vault.logins).toBe(1)
  expect(bench.kept.get(`jwt ${vault.url}`)).toEqual([JWT])
  expect(bench.kept.get(`token ${vault.url}`)?.[0]).toContain('hvs.login-1-')
})

test('it logs in again when two thirds of the time are over, with the file as it is then', async () => {
  const look = bench.open(source({ login: byKubernetes() }))
  await look()
  await bench.clock.advance(2_399_000)
  await look()
  expect(vault.logins).toBe(1)
  vault.roles.set('sidekey', 'another.jwt.now')
  bench.write('jwt', 'another.jwt.now')
  await bench.clock.advance(2_000)
  expect(await look()).toBe('value-2')
  expect(vault.logins).toBe(2)
})

test('while no login is possible, the token is used until its end', async () => {
  const look = bench.open(source({ login: byKubernetes() }))
  await look()
  vault.roles.clear()
  await bench.clock.advance(3_000_000)
  expect(await look()).toBe('value-2')
  await bench.clock.advance(700_000)
  expect(await look()).toMatch(/^refused: the login was answered with 403/)
})

test('a refused token is replaced by one new login, and only one', async () => {
  const look = bench.open(source({ login: byKubernetes() }))
  await look()
  vault.tokens.clear()
  expect(await look()).toBe('value-2')
  expect(vault.logins).toBe(2)
  vault.calls.length = 0
  vault.mood = { status: 403, body: { errors: ['permission denied'] } }
  expect(await look()).toMatch(/^refused: the login was answered with 403/)
  expect(vault.calls).toHaveLength(2)
})

test('a token that can be prolonged is, before its end', async () => {
  give(TOKEN, 3600, true)
  const look = bench.open(source())
  await look()
  await bench.clock.advance(2_300_000)
  await look()
  expect(targets()).not.toContain('POST /v1/auth/token/renew-self')
  await bench.clock.advance(200_000)
  await look()
  expect(targets().filter((target) => target.includes('renew-self'))).toHaveLength(1)
  await look()
  expect(targets().filter((target) => target.includes('renew-self'))).toHaveLength(1)
})

test('a token that may not look at itself is used all the same', async () => {
  give(TOKEN, 3600, true)
  vault.hidesTokens = true
  const look = bench.open(source())
  expect(await look()).toBe('value-2')
  await bench.clock.advance(10_000_000)
  expect(await look()).toBe('value-2')
  expect(targets().filter((target) => target.includes('self'))).toHaveLength(1)
})

test('a token file that is replaced while the old token is refused is read anew at once', async () => {
  give(TOKEN)
  const look = bench.open(source())
  await look()
  vault.tokens.clear()
  vault.calls.length = 0
  expect(await look()).toMatch(/^refused: the read was answered with 403: look at the token/)
  // The same token is not tried twice.
  expect(targets().filter((target) => target.includes('/data/'))).toHaveLength(1)
  give('hvs.the-next-token-0123456789')
  expect(await look()).toBe('value-2')
})

test('a token file that is gone is said', async () => {
  const look = bench.open(source())
  expect(await look()).toBe('unavailable: the token: the file does not exist')
  expect(vault.calls).toEqual([])
})

test.each([
  [{ status: 503, body: { errors: ['Vault is sealed'] } }, /^unavailable: .* 503: sealed/],
  [{ status: 429, headers: { 'retry-after': '120' } }, /^throttled: .* 429$/],
  [
    { status: 307, headers: { location: 'http://127.0.0.1:1/' } },
    /^unavailable: .* 307: redirects/,
  ],
  [{ status: 500, body: '<html>' }, /^unavailable: .* 500$/],
  [{ status: 200, body: 'no json' }, /^invalid: the answer is none of a KV engine/],
  [{ status: 200, body: { data: { password: 'x' } } }, /^invalid: the answer is none of a KV/],
  [{ status: 200, body: 'x'.repeat(1024 * 1024 + 1) }, /^invalid: the answer is too large/],
])('an answer %# is told by its kind, and by nothing of its body', async (mood, words) => {
  give(TOKEN)
  const look = bench.open(source())
  await look()
  vault.mood = mood
  expect(await look()).toMatch(words)
})
