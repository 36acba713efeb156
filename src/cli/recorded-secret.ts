import { stat } from 'node:fs/promises'
import { Refusal } from '../config/refusal.ts'
import { readStoreKey } from '../config/secret-source.ts'
import type { SidekeyConfig } from '../config/types.ts'
import { hasValue } from '../kernel/credential.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import { openFileStore } from '../stores/file/file-store.ts'
import type { CheckDeps } from './check-online.ts'

/**
 * The current secret of a credential's record; null when nothing is recorded yet. Takes no lease and writes no record,
 * so it may run beside `sidekey serve`.
 * @throws StoreUnavailableError, StoreUnreadableError the store is there and can't be read
 */
export async function readRecordedSecret(
  { store: place }: SidekeyConfig,
  credentialId: string,
  deps: Pick<CheckDeps, 'clock' | 'env' | 'log'> & { readonly random: Random },
): Promise<SecretValue | null> {
  // Opening a store makes its directory; a check must leave nothing behind.
  if (place === null || !(await exists(place.directory))) return null
  const key = await readStoreKey(place.key, deps.env)
  if (key instanceof Refusal) return null
  const { clock, random, log } = deps
  const { directory } = place
  const store = await openFileStore({ directory, key: key.export(), clock, random, log })
  try {
    const current = (await store.read(credentialId))?.record.current
    return current !== undefined && hasValue(current) ? current.value : null
  } finally {
    await store.close()
  }
}

async function exists(directory: string): Promise<boolean> {
  return stat(directory).then(
    () => true,
    () => false,
  )
}
