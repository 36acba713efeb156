import { type CredentialRecord, type SecretVersion, hasValue } from '../kernel/credential.ts'
import type { Tombstone } from '../kernel/credential.ts'
import { ABSENCE_PERSIST_MS, PROPAGATION_MAX_MS } from '../kernel/limits.ts'
import type { ProviderTraits } from '../kernel/ports/provider.ts'
import { ABORTED, UNPROVEN } from './facts.ts'
import { type Observation, hasSettled } from './observation.ts'
import { attributeOrphan } from './attribute-orphan.ts'
import { PROBE_FRESH_MS, REFUSALS_MAX } from './timing.ts'

/** `dead`: refused several times in a row. `unsure`: not asked yet, or not refused often enough. */
export type Health = 'alive' | 'dead' | 'unsure'

/** An abandoned candidate that turned out to live: its create was delivered late. */
export interface LateCreate {
  readonly tombstone: Tombstone
  readonly secretId: string
}

/** What is believed of the account, from the record, the list and the probes together. */
export interface Belief {
  readonly current: Health
  readonly pending: Health
  readonly previous: Health
  /** Null until there is a list answer that counts. */
  readonly listed: readonly string[] | null
  /** Listed ids that no live version of the record explains. */
  readonly unknownIds: readonly string[]
  /** Of these, the ones that were not there before the create: one of them may be ours. */
  readonly newIds: readonly string[]
  /** Current's id can't be the one of its value. */
  readonly currentMisnamed: boolean
  /** The id of the version has been absent for longer than a list may be stale. */
  readonly pendingGone: boolean
  readonly previousGone: boolean
  readonly late: LateCreate | null
  /** Since when the list and the record disagree; null while they agree. */
  readonly unsettledSinceMs: number | null
}

/** Compares what is recorded with what was seen. */
export function reconcile(record: CredentialRecord, seen: Observation): Belief {
  const { current, pending, previous } = record
  const listed = seen.list?.ids ?? null
  const knownIds = knownIdsOf(record)
  const unknownIds = (listed ?? []).filter((id) => !knownIds.includes(id))
  const missing = knownIds.filter((id) => listed !== null && !listed.includes(id))
  const since = [...unknownIds, ...missing].map((id) => seen.presence.get(id)?.sinceMs ?? 0)
  return {
    // One that is still to be made is not dead.
    current: hasValue(current) ? healthOf(current, seen) : 'unsure',
    pending: healthOf(pending, seen),
    previous: healthOf(previous, seen),
    listed,
    unknownIds,
    newIds: unknownIds.filter((id) => pending?.idsBefore.includes(id) !== true),
    currentMisnamed: isMisnamed(current, seen),
    pendingGone: isGone(pending?.secretId ?? null, seen),
    previousGone: isGone(previous?.secretId ?? null, seen),
    late: lateCreate(record, seen, unknownIds),
    unsettledSinceMs: since.length === 0 ? null : Math.min(...since),
  }
}

/** The provider's ids of the versions that the record holds as live. */
export function knownIdsOf(record: CredentialRecord): readonly string[] {
  return [record.current, record.pending, record.previous].flatMap((version) =>
    version === null || version.secretId === null ? [] : [version.secretId],
  )
}

function healthOf(version: SecretVersion | null, seen: Observation): Health {
  // Nobody can use it.
  if (version !== null && !hasValue(version)) return 'dead'
  const sight = version === null ? undefined : seen.probes.get(version.generation)
  if (sight?.verdict === 'accepted') return 'alive'
  if (sight?.verdict === 'refused' && sight.streak >= REFUSALS_MAX) return 'dead'
  return 'unsure'
}

/** Whether the last verdict is positive and young enough to allow an effect. */
export function freshlyAccepted(seen: Observation, generation: number, nowMs: number): boolean {
  const sight = seen.probes.get(generation)
  return (
    sight?.verdict === 'accepted' &&
    sight.inconclusive === 0 &&
    nowMs - sight.verdictAtMs <= PROBE_FRESH_MS &&
    sight.verdictAtMs >= seen.suspectAtMs
  )
}

/** Whether every version of the record is dead. */
export function nothingWorks({ pending, previous }: CredentialRecord, belief: Belief): boolean {
  if (belief.current !== 'dead') return false
  if (pending !== null && belief.pending !== 'dead') return false
  return previous === null || belief.previous === 'dead'
}

/** Whether the last verdict on a version is a refusal, be it the first one. */
export function refused(seen: Observation, generation: number): boolean {
  return seen.probes.get(generation)?.verdict === 'refused'
}

/** Absence must persist: two lists without the id, further apart than a list may be stale. */
function isGone(secretId: string | null, seen: Observation): boolean {
  const presence = secretId === null ? undefined : seen.presence.get(secretId)
  if (presence === undefined || presence.listed || seen.list === null) return false
  return seen.list.atMs - presence.sinceMs > ABSENCE_PERSIST_MS
}

/**
 * Whether the id is not that of the value: the value is accepted although the id was absent for
 * longer than a revoked value may live on. Any sooner, the one secret that is listed may be
 * somebody else's, made after ours was revoked.
 */
function isMisnamed({ generation, secretId }: SecretVersion, seen: Observation): boolean {
  const presence = secretId === null ? undefined : seen.presence.get(secretId)
  const sight = seen.probes.get(generation)
  if (presence === undefined || presence.listed || sight?.verdict !== 'accepted') return false
  return Math.min(sight.verdictAtMs, seen.list?.atMs ?? 0) - presence.sinceMs > PROPAGATION_MAX_MS
}

/** A verdict from before an id was listed does not tell whose it is: ours may have been revoked since, and another made. */
export function acceptedSinceShown(generation: number, id: string, seen: Observation): boolean {
  const sight = seen.probes.get(generation)
  const shownAtMs = seen.presence.get(id)?.sinceMs ?? 0
  return sight?.verdict === 'accepted' && sight.verdictAtMs >= shownAtMs
}

/** Abandoned candidates whose value is not a live version's: only these can be told by probing. */
export function probeableTombstones(record: CredentialRecord): readonly Tombstone[] {
  const live = [record.current, record.pending, record.previous].map((v) => v?.generation)
  return record.tombstones.filter((tombstone) => !live.includes(tombstone.generation))
}

function lateCreate(
  record: CredentialRecord,
  seen: Observation,
  unknownIds: readonly string[],
): LateCreate | null {
  const tombstones = probeableTombstones(record)
  for (const secretId of unknownIds) {
    const tombstone = tombstones.find((one) => one.secretId === secretId)
    if (tombstone !== undefined && hasSettled(seen, [secretId])) return { tombstone, secretId }
  }
  const [secretId, ...others] = unknownIds
  if (secretId === undefined || others.length > 0) return null
  const shownAtMs = seen.presence.get(secretId)?.sinceMs ?? 0
  const accepted = tombstones.find((one) => livesOn(one, seen, shownAtMs))
  return accepted === undefined ? null : { tombstone: accepted, secretId }
}

/**
 * Accepted after it was refused, or never known to exist; not merely a revoke that takes its time.
 */
function livesOn(tombstone: Tombstone, seen: Observation, shownAtMs: number): boolean {
  const sight = seen.probes.get(tombstone.generation)
  if (sight?.verdict !== 'accepted') return false
  // A verdict from before the end of the candidate says nothing about the id that is listed now.
  if (sight.verdictAtMs < Math.max(tombstone.atMs, shownAtMs)) return false
  // Created once, with an answer, and revoked: nothing of it can come late.
  if (tombstone.reason !== UNPROVEN && tombstone.reason !== ABORTED) return true
  return sight.verdictAtMs - tombstone.atMs > PROPAGATION_MAX_MS
}

/** What became of a create whose answer we do not have, or that was refused. */
export type CreateFate =
  | { readonly kind: 'unsent' }
  | { readonly kind: 'ours'; readonly secretId: string }
  | { readonly kind: 'late'; readonly late: LateCreate }
  | { readonly kind: 'absent' }
  | { readonly kind: 'rejected' }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'unsettled' }

/** Finds out by list and probe. While it is not settled, no second value may be chosen. */
export function attributeCreate(
  record: CredentialRecord,
  belief: Belief,
  seen: Observation,
  traits: ProviderTraits,
): CreateFate {
  const { pending } = record
  const sent = seen.create?.generation === pending?.generation ? seen.create : null
  if (pending === null || belief.listed === null || seen.list === null) {
    return { kind: sent?.outcome === 'unsent' ? 'unsent' : 'unsettled' }
  }
  if (sent?.outcome === 'unsent') return { kind: 'unsent' }
  if (!hasValue(pending)) return attributeOrphan(pending, belief, seen, traits)
  const [only, ...others] = belief.newIds
  if (belief.pending === 'alive') {
    if (only === undefined) return { kind: 'unsettled' }
    if (others.length === 0) {
      const isOurs = acceptedSinceShown(pending.generation, only, seen)
      return isOurs ? { kind: 'ours', secretId: only } : { kind: 'unsettled' }
    }
    return { kind: hasSettled(seen, belief.newIds) ? 'ambiguous' : 'unsettled' }
  }
  if (!refused(seen, pending.generation)) return { kind: 'unsettled' }
  if (belief.late !== null) return { kind: 'late', late: belief.late }
  if (only !== undefined) {
    // A refused call did nothing: when it was the only one, what is new is not ours.
    const disowned = pending.attempts === 1 && sent !== null && sent.outcome !== 'unknown'
    if (disowned && hasSettled(seen, belief.newIds)) return { kind: 'foreign' }
    const refusedAtMs = seen.probes.get(pending.generation)?.verdictAtMs ?? 0
    const refusedForMs = refusedAtMs - (pending.firstSeenAtMs ?? refusedAtMs)
    // Half the time is twice what was ever seen, and a block heals by itself when the value works
    // after all.
    return { kind: refusedForMs > traits.propagationMaxMs / 2 ? 'foreign' : 'unsettled' }
  }
  const waitedMs = seen.list.atMs - (sent?.atMs ?? seen.startedAtMs)
  const settled = waitedMs > ABSENCE_PERSIST_MS
  if (sent?.outcome === 'invalid-value') return { kind: settled ? 'rejected' : 'unsettled' }
  if (sent?.outcome === 'slots-full' && !settled) return { kind: 'unsettled' }
  if (belief.listed.length >= traits.secretsMax) return { kind: settled ? 'foreign' : 'unsettled' }
  return { kind: 'absent' }
}
