import { afterEach } from 'vitest'
import {
  startVonageEmulator,
  type VonageEmulator,
} from '../../src/emulator/vonage/start-vonage-emulator.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { SidekeyHome, SidekeyProcess } from './sidekey-process.ts'

export const KEY = 'a1b2c3d4'
export const BOOTSTRAP = 'Bootstrap1Secret-Zz9'
/** A standby soon, and then nothing for a month. */
export const CALM = '{ every: 30d, drain: 500ms }'

type End = () => Promise<unknown>

const endings: End[] = []

afterEach(() => endAll(endings))

/** Ends what was started, the newest first. */
export async function endAll(ends: End[]): Promise<void> {
  for (const end of ends.splice(0).toReversed()) await end()
}

export interface World {
  readonly emulator: VonageEmulator
  readonly home: SidekeyHome
  /** Starts a Sidekey and waits until it is ready; it is killed after the test, if it still runs. */
  start(env?: Readonly<Record<string, string>>): Promise<SidekeyProcess>
}

/** An emulated account, and a folder with a configuration for it; gone after the test, or when `ends` are called. */
export async function raiseWorld(rotation = CALM, ends = endings): Promise<World> {
  const emulator = await startVonageEmulator({
    accounts: [{ key: KEY, secrets: [BOOTSTRAP] }],
    clock: new SystemClock(),
    random: new CryptoRandom(),
  })
  ends.push(() => emulator.close())
  const home = new SidekeyHome({ 'vonage-secret': BOOTSTRAP })
  ends.push(async () => home.remove())
  home.configure(emulator.url, rotation)
  const start = async (env?: Readonly<Record<string, string>>) => {
    const sidekey = await SidekeyProcess.start(home, env)
    ends.push(() => sidekey.kill())
    return sidekey
  }
  return { emulator, home, start }
}

/** Values of all secrets that the account ever had. */
export function secretsEver({ emulator }: World): readonly string[] {
  return emulator.control.values(KEY).map((value) => value.expose())
}
