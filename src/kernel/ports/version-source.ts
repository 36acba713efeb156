import type { CredentialVersions } from '../credential.ts'
import type { Stop } from './clock.ts'

/** The read side of a credential, whoever rotates it: a record in a store, or files that somebody else changes. */
export interface VersionSource {
  readonly credentialId: string
  /** Reads anew. Rejects when nothing can be read; the last good versions stay in use. */
  load(): Promise<CredentialVersions>
  /** Tells of changes, coalesced. */
  watch(changed: () => void): Stop
}
