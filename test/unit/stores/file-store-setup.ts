import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { Clock } from '../../../src/kernel/ports/clock.ts'
import type { Store } from '../../../src/kernel/ports/store.ts'
import { CryptoRandom } from '../../../src/platform/crypto-random.ts'
import { openFileStore } from '../../../src/stores/file/file-store.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'

const KEY = Buffer.alloc(32, 7)

/** A directory for each test, and the stores that were opened in it. */
export interface FileStoreSetup {
  readonly directory: string
  readonly clock: FakeClock
  readonly log: RecordingLog
  file(name: string): string
  open(changes?: { readonly key?: Buffer; readonly clock?: Clock }): Promise<Store>
}

/** Registers the hooks that make and remove it. */
export function setUpFileStore(): FileStoreSetup {
  let root = ''
  let clock = new FakeClock()
  let log = new RecordingLog()
  const stores: Store[] = []
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sidekey-store-'))
    clock = new FakeClock()
    log = new RecordingLog()
  })
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()))
    rmSync(root, { recursive: true })
  })
  return {
    get directory() {
      return join(root, 'store')
    },
    get clock() {
      return clock
    },
    get log() {
      return log
    },
    file: (name) => join(root, 'store', name),
    open: async (changes = {}) => {
      const options = { directory: join(root, 'store'), key: KEY, clock, log }
      const store = await openFileStore({ ...options, random: new CryptoRandom(), ...changes })
      stores.push(store)
      return store
    },
  }
}
