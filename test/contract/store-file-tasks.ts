import { SidekeyError } from '../../src/kernel/errors.ts'
import type { Store } from '../../src/kernel/ports/store.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { openFileStore } from '../../src/stores/file/file-store.ts'
import { RecordingLog } from '../fakes/log.ts'
import { increment } from './increment.ts'
import { idleRecord } from './record.ts'

/** What a process of its own does with a file store. */
export type StoreTask = 'increment' | 'join' | 'write'

/** The key of every store of these tests. */
const KEY = Buffer.alloc(32, 7)

/** Opens a store with the system's clock and randomness. */
export function openStore(directory: string, clock = new SystemClock()): Promise<Store> {
  const options = { directory, clock, random: new CryptoRandom(), log: new RecordingLog() }
  return openFileStore({ ...options, key: KEY })
}

/** Runs in the child. Prints one line for each thing that is done, after it is done. */
export async function runStoreTask(directory: string, task: StoreTask, count: number) {
  const say = (word: string | number): void => void process.stdout.write(`${word}\n`)
  // Timers of the clock keep no process alive, and a lock is waited for with one.
  const alive = setInterval(() => undefined, 1_000)
  const store = await openStore(directory)
  switch (task) {
    case 'increment':
      for (let done = 0; done < count; done++) say(await increment(store, 'partner'))
      break
    case 'join': {
      const member = { instance: 'child', held: [1], ackGeneration: 1, lastUse: {}, atMs: 1 }
      await store.publishMember('partner', member)
      const lease = await store.acquireLease('partner', 'child', 3_600_000)
      say(lease === null ? 'no-lease' : 'joined')
      return
    }
    case 'write':
      say(await write(store))
      break
  }
  clearInterval(alive)
}

async function write(store: Store): Promise<number | string> {
  const stored = await store.read('partner')
  try {
    return await store.compareAndSwap('partner', stored?.version ?? null, idleRecord('partner'))
  } catch (error) {
    return error instanceof SidekeyError ? `${error.code} ${error.message}` : String(error)
  }
}
