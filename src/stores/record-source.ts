import { type CredentialVersions, liveVersions } from '../kernel/credential.ts'
import { StoreUnavailableError } from '../kernel/errors.ts'
import type { Store } from '../kernel/ports/store.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'

export interface RecordSourceDeps {
  readonly store: Pick<Store, 'read' | 'watch'>
  readonly credentialId: string
  /** Public words for templates, such as `{ apiKey: 'a1b2c3d4' }`. */
  readonly publicValues: Readonly<Record<string, string>>
}

/**
 * The read side of a credential that Sidekey rotates: what its record offers to requests. Keeps nothing: the last
 * good versions are remembered by the credential's view.
 *
 * `load` rejects with the errors of `Store.read`, and with `StoreUnavailableError` while there is no record yet.
 */
export function createRecordSource(deps: RecordSourceDeps): VersionSource {
  const { store, credentialId, publicValues } = deps
  return {
    credentialId,
    load: async (): Promise<CredentialVersions> => {
      const stored = await store.read(credentialId)
      if (stored === null) {
        throw new StoreUnavailableError(`the store has no record of ${credentialId} yet`)
      }
      return { credentialId, publicValues, versions: liveVersions(stored.record) }
    },
    watch: (changed) => store.watch(credentialId, changed),
  }
}
