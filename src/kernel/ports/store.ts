import type { CredentialRecord } from '../credential.ts'
import type { Stop } from './clock.ts'

/** Opaque to its readers; it only grows, so that a restored backup can be told from a new write. */
export type StoreVersion = number

export interface Stored {
  readonly record: CredentialRecord
  readonly version: StoreVersion
}

/** The exclusive right to rotate one credential. It is for liveness; safety is the compare-and-swap. */
export interface Lease {
  /** Rises with every new holder. */
  readonly fence: number
  /** Prolongs it by its time to live; false when somebody else holds it now. */
  renew(): Promise<boolean>
  release(): Promise<void>
}

/** The last use of each generation in a request, wall clock. */
export type LastUses = Readonly<Record<number, number>>

/** What one replica tells the others about one credential. */
export interface Member {
  readonly instance: string
  /** Generations that this replica holds in memory and can serve. */
  readonly held: readonly number[]
  /** The generation that it treats as current. */
  readonly ackGeneration: number
  readonly lastUse: LastUses
  /** What it sees of a staged promotion; absent while it knows of none. */
  readonly rollout?: RolloutReport
  readonly atMs: number
}

/** How a version does that a share of the requests starts with, as one replica sees it. */
export interface RolloutReport {
  readonly generation: number
  /** For how long this replica has been watching, by its monotonic clock, in milliseconds. */
  readonly forMs: number
  /** Requests that the upstream has answered with a verdict on the version. */
  readonly requests: number
  /** Of these, the ones that it refused, and took with another version. */
  readonly refusals: number
}

/**
 * Where records live. Every implementation passes `test/contract/store.ts`.
 * Methods throw `StoreUnavailableError` when the store can't be reached, in which case a write may have happened,
 * and `StoreUnreadableError` for content that can't be decrypted or parsed.
 */
export interface Store {
  read(credentialId: string): Promise<Stored | null>
  /**
   * Writes when the stored version is still `expected` (null: nothing is stored yet).
   * @throws StoreConflictError somebody else wrote
   */
  compareAndSwap(
    credentialId: string,
    expected: StoreVersion | null,
    record: CredentialRecord,
  ): Promise<StoreVersion>
  /** Tells of changes, coalesced; the last one is never skipped. */
  watch(credentialId: string, changed: () => void): Stop
  /** Null when somebody else holds it. */
  acquireLease(credentialId: string, holder: string, ttlMs: number): Promise<Lease | null>
  /** Registers or updates a replica. A member is registered before it reads the record. */
  publishMember(credentialId: string, member: Member): Promise<void>
  /** Registered replicas, the provably dead ones left out. */
  members(credentialId: string): Promise<readonly Member[]>
  /** It said goodbye: its last word on its uses moves to `goneUses`. */
  removeMember(credentialId: string, instance: string): Promise<void>
  /**
   * The last use of each generation by the replicas that are gone, at most `GONE_USES_MAX`, the latest. One that was found
   * dead may have used all that it held until then. Read after `members`, so that one that leaves meanwhile is in it.
   */
  goneUses(credentialId: string): Promise<LastUses>
  close(): Promise<void>
}
