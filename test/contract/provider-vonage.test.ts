import { describe, expect, test } from 'vitest'
import { startVonageEmulator } from '../../src/emulator/vonage/start-vonage-emulator.ts'
import { SecretValue } from '../../src/kernel/secret-value.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { createVonageProvider } from '../../src/providers/vonage/provider.ts'
import { Connections } from '../../src/calls/connections.ts'
import { describeProvider } from './provider.ts'
import type { ProviderCall, Trouble } from './provider-under-test.ts'
import { FAULT } from './rest-faults.ts'

const ACCOUNT = 'abcd1234'
const FIRST = 'Planted1FirstSecret'

const OPERATION: Readonly<Partial<Record<ProviderCall, string>>> = {
  list: 'secrets.list',
  create: 'secrets.create',
  revoke: 'secrets.revoke',
  verify: 'account.balance',
}

/** An emulated account with one secret, its provider, and the same for a secondary account. */
async function start() {
  const clock = new SystemClock()
  const emulator = await startVonageEmulator({
    accounts: [{ key: ACCOUNT, secrets: [FIRST] }],
    secondaries: [{ key: 'sub00001', primary: ACCOUNT, secrets: ['Planted1SubSecret'] }],
    clock,
    random: new CryptoRandom(),
  })
  const baseUrls = { api: emulator.url, rest: emulator.url }
  const connections = new Connections()
  const shared = { baseUrls, clock, connections }
  const provider = createVonageProvider({ account: ACCOUNT, ...shared })
  const secondary = createVonageProvider({ account: 'sub00001', ...shared })
  const dispose = async () => {
    await connections.close()
    await emulator.close()
  }
  return { emulator, provider, secondary, connections, dispose }
}

describeProvider('vonage', async () => {
  const { emulator, provider, connections, dispose } = await start()
  let closed = false
  return {
    provider,
    auth: { account: ACCOUNT, secret: new SecretValue(FIRST) },
    invalidValue: new SecretValue('weak'),
    validValue: (number) => new SecretValue(`Planted2Secret${number}`),
    async trouble(call: ProviderCall, trouble: Trouble) {
      if (trouble !== 'unreachable') {
        return emulator.control.fault({ operation: OPERATION[call] ?? '', ...FAULT[trouble] })
      }
      closed = true
      await emulator.close()
    },
    async hanging() {
      const arrived = () => emulator.control.requests().some(({ fault }) => fault === 'hang')
      while (!arrived()) await new Promise((resolve) => setImmediate(resolve))
    },
    dispose: () => (closed ? connections.close() : dispose()),
  }
})

describe('vonage: a secondary account', () => {
  const signal = new AbortController().signal
  const primary = { account: ACCOUNT, secret: new SecretValue(FIRST) }

  test('is managed by its primary, and by itself', async () => {
    const { secondary, dispose } = await start()
    const value = new SecretValue('Planted2SubSecret')
    const created = await secondary.create(primary, value, signal)
    expect(created.kind).toBe('created')
    expect(await secondary.verify(value, signal)).toEqual({ kind: 'accepted' })
    const listed = await secondary.list({ account: 'sub00001', secret: value }, signal)
    expect(listed.kind === 'listed' && listed.secrets).toHaveLength(2)
    await dispose()
  })

  test('does not manage its primary: the account is not found', async () => {
    const { provider, dispose } = await start()
    const sub = { account: 'sub00001', secret: new SecretValue('Planted1SubSecret') }
    expect(await provider.list(sub, signal)).toEqual({ kind: 'account-not-found' })
    expect(await provider.revoke(sub, 'id', signal)).toEqual({ kind: 'account-not-found' })
    await dispose()
  })
})
