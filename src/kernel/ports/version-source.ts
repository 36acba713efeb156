import type { CredentialVersions, LiveVersion } from '../credential.ts'
import type { Stop } from './clock.ts'

/** The read side of a credential, whoever rotates it: a record in a store, or files that somebody else changes. */
export interface VersionSource {
  readonly credentialId: string
  /** Reads anew. Rejects when nothing can be read; the last good versions stay in use. */
  load(): Promise<CredentialVersions>
  /** Tells of changes, coalesced. */
  watch(changed: () => void): Stop
  /**
   * Asks the provider whether it accepts this version, without client traffic; the canary of a version that an upstream
   * refused. Absent where nobody can be asked: one held request is the canary then.
   */
  probe?(version: LiveVersion): Promise<'accepted' | 'refused' | 'inconclusive'>
}
