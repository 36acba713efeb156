import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { openFileStore } from '../../src/stores/file/file-store.ts'
import { RecordingLog } from '../fakes/log.ts'
import { describeStore } from './store.ts'

/** The real clock with its hands moved: locks are waited for in real time, leases expire at once. */
class ShiftedClock extends SystemClock {
  #shiftMs = 0

  override now(): number {
    return super.now() + this.#shiftMs
  }
  override monotonic(): number {
    return super.monotonic() + this.#shiftMs
  }
  shift(ms: number): void {
    this.#shiftMs += ms
  }
}

describeStore('file store', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sidekey-store-'))
  const clock = new ShiftedClock()
  return {
    open: () =>
      openFileStore({
        directory: join(root, 'store'),
        key: Buffer.alloc(32, 7),
        clock,
        random: new CryptoRandom(),
        log: new RecordingLog(),
      }),
    elapse: async (ms) => clock.shift(ms),
    dispose: () => rm(root, { recursive: true }),
  }
})
