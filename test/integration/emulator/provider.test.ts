import { afterAll, expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { createVonageProvider } from '../../../src/providers/vonage/provider.ts'
import { Connections } from '../../../src/calls/connections.ts'
import { settle } from '../../fakes/clock.ts'
import { type EmulatorUnderTest, KEY, SECRET, startEmulator } from './emulator.ts'

/** Beyond this test's own patience: only the fake clock can end a call. */
const TIMEOUT_MS = 300_000

const NOW = new AbortController().signal
const AUTH = { account: KEY, secret: new SecretValue(SECRET) }
const SECOND = new SecretValue('Planted2Secret')

const connections = new Connections()
afterAll(() => connections.close())

async function start() {
  const emulator = await startEmulator()
  const { url, clock } = emulator
  const baseUrls = { api: url, rest: url }
  const provider = createVonageProvider({
    account: KEY,
    baseUrls,
    clock,
    timeoutMs: TIMEOUT_MS,
    connections,
  })
  return { emulator, provider }
}

const hung = async (emulator: EmulatorUnderTest, calls = 1): Promise<void> => {
  const count = () => emulator.control.requests().filter(({ fault }) => fault === 'hang').length
  while (count() < calls) await settle()
}

test('a call that hangs ends at its time limit, and not before', async () => {
  const { emulator, provider } = await start()
  emulator.control.fault({ kind: 'hang' })
  let ended = false
  const answer = provider.list(AUTH, NOW).finally(() => (ended = true))
  await hung(emulator)
  await emulator.clock.advance(TIMEOUT_MS - 1)
  expect(ended).toBe(false)
  await emulator.clock.advance(1)
  expect(await answer).toEqual({ kind: 'unavailable' })
  expect(emulator.clock.pending).toBe(0)
})

test('an answered call leaves no timer behind', async () => {
  const { emulator, provider } = await start()
  await provider.list(AUTH, NOW)
  expect(emulator.clock.pending).toBe(0)
})

test('a secret that only one host knows yet is refused, and the answer names the other', async () => {
  const { emulator, provider } = await start()
  emulator.control.configure({ createLagMs: { api: 2_000, rest: 30_000 } })
  await provider.create(AUTH, SECOND, NOW)
  expect(await provider.verify(SECOND, NOW)).toEqual({ kind: 'refused', service: 'rest' })
  await emulator.clock.advance(2_000)
  expect(await provider.verify(SECOND, NOW)).toEqual({ kind: 'refused', service: 'rest' })
  emulator.control.configure({ createLagMs: { rest: 0 } })
  expect(await provider.verify(SECOND, NOW)).toEqual({ kind: 'accepted' })
})

test('a host that does not know a secret yet is named, whichever it is', async () => {
  const { emulator, provider } = await start()
  emulator.control.configure({ createLagMs: { api: 60_000, rest: 0 } })
  await provider.create(AUTH, SECOND, NOW)
  expect(await provider.verify(SECOND, NOW)).toEqual({ kind: 'refused', service: 'api' })
})

test('refused at one host outweighs no answer at the other', async () => {
  const { emulator, provider } = await start()
  emulator.control.fault({ operation: 'account.balance', kind: 'error' })
  const wrong = new SecretValue('Planted9Secret')
  expect(await provider.verify(wrong, NOW)).toEqual({ kind: 'refused', service: 'api' })
})

test.each([
  ['a page for anybody', 200, 'text/html', '<html>welcome</html>'],
  ['JSON of something else', 200, 'application/json', '{"ok":true}'],
  ['a 403', 403, 'application/json', '{"title":"Forbidden"}'],
  ['a 404', 404, 'application/json', '{}'],
  ['a redirect', 302, 'text/html', ''],
])('%s is no proof of a secret, either way', async (_name, status, contentType, body) => {
  const { emulator, provider } = await start()
  for (const operation of ['account.balance', 'secrets.list']) {
    emulator.control.fault({ operation, kind: 'answer', status, contentType, body })
    const service = operation === 'secrets.list' ? 'api' : 'rest'
    const inconclusive = { kind: 'inconclusive', service, retryAfterMs: null }
    expect(await provider.verify(AUTH.secret, NOW)).toEqual(inconclusive)
  }
})

test('an answer beyond every limit is not read', async () => {
  const { emulator, provider } = await start()
  const body = JSON.stringify({ _embedded: { secrets: [] }, padding: 'x'.repeat(300_000) })
  emulator.control.fault({ operation: 'secrets.list', kind: 'answer', body })
  expect(await provider.list(AUTH, NOW)).toEqual({ kind: 'unavailable' })
  expect((await provider.list(AUTH, NOW)).kind).toBe('listed')
})

test('an id is sent as one part of the path, whatever it is', async () => {
  const { emulator, provider } = await start()
  expect(await provider.revoke(AUTH, '../x?y#z', NOW)).toEqual({ kind: 'absent' })
  const path = `/accounts/${KEY}/secrets/..%2Fx%3Fy%23z`
  expect(emulator.control.requests().at(-1)?.path).toBe(path)
})

test('each edition of the refusals is understood over the wire', async () => {
  const { emulator, provider } = await start()
  await provider.create(AUTH, SECOND, NOW)
  for (const slotsFull of ['add-excess-secret', 'maximum-secrets-allowed', 'validation'] as const) {
    emulator.control.configure({ slotsFull, problemType: 'application/problem+json' })
    const third = new SecretValue('Planted3Secret')
    expect(await provider.create(AUTH, third, NOW), slotsFull).toEqual({ kind: 'slots-full' })
  }
  const wrong = { account: KEY, secret: new SecretValue('Planted9Secret') }
  for (const unauthorized of ['incorrect', 'invalid-supplied', 'unathorized'] as const) {
    emulator.control.configure({ unauthorized })
    expect(await provider.list(wrong, NOW), unauthorized).toEqual({ kind: 'unauthorized' })
  }
})

test('a create that arrives late meets the slot that its retry has taken', async () => {
  const { emulator, provider } = await start()
  const fault = { operation: 'secrets.create', kind: 'late-request', delayMs: 5_000 } as const
  emulator.control.fault(fault)
  expect(await provider.create(AUTH, SECOND, NOW)).toEqual({ kind: 'unavailable' })
  expect((await provider.create(AUTH, SECOND, NOW)).kind).toBe('created')
  await emulator.clock.advance(5_000)
  const { secrets } = emulator.control.state().accounts[0] ?? { secrets: [] }
  expect(secrets).toHaveLength(2)
})
