import { StoreConflictError } from '../../src/kernel/errors.ts'
import type { Store, StoreVersion } from '../../src/kernel/ports/store.ts'

/** Reads, adds one to `lastGeneration` and writes, again and again until no one else was faster. */
export async function increment(store: Store, credentialId: string): Promise<StoreVersion> {
  for (;;) {
    const stored = await store.read(credentialId)
    if (stored === null) throw new Error('nothing to increment')
    const { record, version } = stored
    try {
      const next = { ...record, lastGeneration: record.lastGeneration + 1 }
      return await store.compareAndSwap(credentialId, version, next)
    } catch (error) {
      if (!(error instanceof StoreConflictError)) throw error
    }
  }
}
