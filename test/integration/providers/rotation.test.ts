import { afterAll, afterEach, expect, test } from 'vitest'
import { startOktaEmulator } from '../../../src/emulator/okta/start-okta-emulator.ts'
import {
  type RestEmulator,
  startRestEmulator,
} from '../../../src/emulator/rest/start-rest-emulator.ts'
import { startTwilioEmulator } from '../../../src/emulator/twilio/start-twilio-emulator.ts'
import type { Provider } from '../../../src/kernel/ports/provider.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { createHttpProvider } from '../../../src/providers/http/provider.ts'
import { createOktaProvider } from '../../../src/providers/okta/provider.ts'
import { createTwilioProvider } from '../../../src/providers/twilio/provider.ts'
import { Connections } from '../../../src/calls/connections.ts'
import { httpExample } from '../../contract/http-example.ts'
import { KeyService } from '../../contract/key-service.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { Bench, HOUR_MS } from '../../unit/rotation/bench.ts'

const TOKEN = 'Planted0ManagementToken'

interface Rotated {
  readonly emulator: RestEmulator
  readonly provider: Provider
  readonly account: string
  readonly first: string
}

const connections = new Connections()
afterAll(() => connections.close())

const closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** A rotation in virtual time, over real sockets. */
async function start(make: (bench: Bench) => Promise<Rotated>) {
  const bench = new Bench({ drainMs: HOUR_MS })
  const { emulator, provider, account, first } = await make(bench)
  bench.deps = { provider, account, bootstrapSecret: async () => new SecretValue(first) }
  bench.start()
  closing.push(async () => {
    await emulator.close()
  })
  const verdict = async (value: SecretValue) =>
    (await provider.verify(value, new AbortController().signal)).kind
  return { bench, emulator, first: new SecretValue(first), verdict }
}

async function okta({ clock }: Bench): Promise<Rotated> {
  const first = 'Planted1FirstClientSecret'
  const identity = { appId: '0oa1', clientId: '0oa1', clock, random: new SeededRandom(1) }
  const emulator = await startOktaEmulator({
    ...identity,
    secrets: [first],
    managementToken: TOKEN,
  })
  const managementToken = async () => new SecretValue(TOKEN)
  const provider = createOktaProvider({
    ...identity,
    orgUrl: emulator.url,
    managementToken,
    connections,
  })
  return { emulator, provider, account: '0oa1', first }
}

async function twilio({ clock }: Bench): Promise<Rotated> {
  const account = `AC${'0'.repeat(32)}`
  const first = 'a'.repeat(32)
  const random = new SeededRandom(1)
  const emulator = await startTwilioEmulator({ account, token: first, clock, random })
  const baseUrls = { accounts: emulator.url, api: emulator.url }
  return {
    emulator,
    provider: createTwilioProvider({ account, baseUrls, clock, connections }),
    account,
    first,
  }
}

async function described({ clock }: Bench): Promise<Rotated> {
  const first = 'SG.planted.first'
  const emulator = await startRestEmulator(new KeyService(first, TOKEN), { clock })
  const managementToken = async () => new SecretValue(TOKEN)
  const options = httpExample('mail', 'acme-mail', emulator.url)
  const provider = createHttpProvider({ ...options, managementToken, clock, connections })
  return { emulator, provider, account: 'acme-mail', first }
}

test.each([
  ['okta', okta, 'secrets.create'],
  ['twilio', twilio, 'tokens.create'],
  ['http', described, 'keys.create'],
] as const)(
  '%s: two rotations, the second with a lost create answer, by the same engine',
  async (_name, make, create) => {
    const { bench, emulator, first, verdict } = await start(make)
    for (let round = 0; round < 2; round++) {
      await bench.reach('staged', 2 * HOUR_MS)
      await bench.rotator.command({ kind: 'rotate', emergency: false })
      await bench.reach('promoted')
      if (round === 1) emulator.fault({ operation: create, kind: 'lose-answer' })
      await bench.reach('staged', 2 * HOUR_MS)
    }
    const { current, pending, blocked } = bench.record
    expect(blocked).toBeNull()
    expect(bench.telemetry.results.filter((result) => result === 'succeeded')).toHaveLength(2)
    expect(await verdict(first)).toBe('refused')
    expect(await verdict(current.value)).toBe('accepted')
    expect(pending && (await verdict(pending.value))).toBe('accepted')
  },
)
