import { afterEach } from 'vitest'
import {
  startVonageEmulator,
  type VonageEmulator,
} from '../../../src/emulator/vonage/start-vonage-emulator.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { SeededRandom } from '../../fakes/random.ts'

export const KEY = 'abcd1234'
export const SECRET = 'Planted1Secret'
export const SUB_KEY = 'sub00001'
export const SUB_SECRET = 'Planted1SubSecret'

/** An emulator whose clock moves by hand, with a primary and a secondary account. Closed after the test. */
export interface EmulatorUnderTest extends VonageEmulator {
  readonly clock: FakeClock
}

const running: VonageEmulator[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((emulator) => emulator.close()))
})

export async function startEmulator(): Promise<EmulatorUnderTest> {
  const clock = new FakeClock()
  const emulator = await startVonageEmulator({
    accounts: [{ key: KEY, secrets: [SECRET] }],
    secondaries: [{ key: SUB_KEY, primary: KEY, secrets: [SUB_SECRET] }],
    clock,
    random: new SeededRandom(1),
  })
  running.push(emulator)
  return { ...emulator, clock }
}

export const basic = (key: string, secret: string): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`,
})

export const JSON_TYPE = { 'content-type': 'application/json' }
export const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' }
