import { request } from 'undici'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  startVonageEmulator,
  type VonageEmulator,
} from '../../src/emulator/vonage/start-vonage-emulator.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { SidekeyHome, SidekeyProcess } from './sidekey-process.ts'

const FIRST = 'Bootstrap1Secret'
const FAST = '{ every: 3s, jitter: 0%, drain: 500ms, revokeBootstrap: auto }'

interface Status {
  readonly phase: string
  readonly lastRotationAt: string | null
  readonly versions: readonly { readonly stage: string; readonly id: string }[]
}

let emulator: VonageEmulator
let home: SidekeyHome

beforeEach(async () => {
  emulator = await startVonageEmulator({
    accounts: [{ key: 'a1b2c3d4', secrets: [FIRST] }],
    clock: new SystemClock(),
    random: new CryptoRandom(),
  })
  home = new SidekeyHome({ 'vonage-secret': FIRST })
  home.configure(emulator.url, FAST)
})

afterEach(async () => {
  await emulator.close()
  home.remove()
})

async function balance(sidekey: SidekeyProcess): Promise<number> {
  const answer = await request(`${sidekey.proxy}/vonage/rest/account/get-balance`)
  await answer.body.dump()
  return answer.statusCode
}

test.each(['prepared', 'created', 'verified', 'staged', 'promoted', 'retiring', 'idle'])(
  'a process killed in %s is followed by one that finishes the rotation',
  async (phase) => {
    // Some phases are saved before it is ready.
    const killed = new SidekeyProcess(home, { SIDEKEY_CRASH_AT: `save:${phase}:after` })
    expect((await killed.exited).signal).toBe('SIGKILL')

    const next = await SidekeyProcess.start(home)
    expect(await balance(next)).toBe(200)
    await vi.waitFor(
      async () => {
        const status = (await next.api('GET', '/api/credentials/vonage')).json() as Status
        expect(status.lastRotationAt).not.toBeNull()
        expect(status.phase).toBe('staged')
        const live = emulator.control.state().accounts[0]?.secrets.filter(({ live }) => live)
        expect(live?.map(({ id }) => id).toSorted()).toEqual(
          status.versions.map(({ id }) => id).toSorted(),
        )
      },
      { timeout: 60_000, interval: 100 },
    )
    expect(await balance(next)).toBe(200)
    expect((await next.stop()).code).toBe(0)
  },
)
