import type { CredentialRecord, Stage } from '../kernel/credential.ts'
import type { ProviderTraits } from '../kernel/ports/provider.ts'
import type { Observation } from './observation.ts'
import {
  ABORT_BACKOFF_FIRST_MS,
  ABORT_BACKOFF_MAX_MS,
  ABORT_BACKOFF_MEMORY_MS,
  CALL_RETRY_FIRST_MS,
  RESEND_MAX_MS,
  patientMs,
} from './timing.ts'

/** Reason of a tombstone whose value the provider's rule refused. */
export const REJECTED = 'candidate-rejected'
/** The same after an operator said `retry`: it no longer counts. */
export const REJECTED_BEFORE = 'candidate-rejected-before'
/** The value lived, and a second create of it may still be delivered. */
export const LATE_CREATE_POSSIBLE = 'late-create-possible'

/** Reason of a tombstone whose create was sent once, and that was revoked. */
export const ABORTED = 'aborted'
/** Reason of a tombstone whose create was sent more than once. */
export const DOUBLED = 'create-doubled'
/** Reason of a tombstone whose value was never seen refused: it may simply still work. */
export const UNPROVEN = 'revoke-unproven'

/** The latest instant that a record claims to have happened. */
function newestInstantMs(record: CredentialRecord): number {
  const { current, pending, previous, emergency, blocked } = record
  return Math.max(
    record.phaseSinceMs,
    current.activatedAtMs,
    pending?.firstSeenAtMs ?? 0,
    pending?.rollout?.sinceMs ?? 0,
    previous?.demotedAtMs ?? 0,
    record.absentSinceMs ?? 0,
    record.requestedAtMs ?? 0,
    emergency?.sinceMs ?? 0,
    blocked?.sinceMs ?? 0,
    ...record.tombstones.map(({ atMs }) => atMs),
  )
}

/** How far ahead of ours the clock is that wrote the record. */
export function clockAheadMs(record: CredentialRecord, nowMs: number): number {
  return Math.max(newestInstantMs(record), record.lastWriter.atMs ?? 0) - nowMs
}

/** The highest generation that any replica holds. */
export function heldGenerationMax(seen: Observation): number {
  return Math.max(0, ...[...seen.members.values()].flatMap(({ member }) => [...member.held]))
}

/** Values that the provider's rule refused, one after the other, until now. */
export function rejectedInARow(record: CredentialRecord): number {
  const last = record.tombstones.findLastIndex(({ reason }) => reason !== REJECTED)
  return record.tombstones.length - 1 - last
}

/**
 * How long a create whose outcome is unknown rests before it is sent again: 1 s, doubling, at most
 * 1 minute; longer where it has been unknown for long.
 */
export function createBackoffMs({ pending }: CredentialRecord, sentAtMs: number): number {
  const firstMs = CALL_RETRY_FIRST_MS * 2 ** ((pending?.attempts ?? 1) - 1)
  return patientMs(Math.min(firstMs, RESEND_MAX_MS), sentAtMs - (pending?.createdAtMs ?? sentAtMs))
}

/** How long to rest after an abandoned candidate: the more of them in the last hour, the longer. */
export function abortBackoffMs(record: CredentialRecord, nowMs: number): number {
  const recent = record.tombstones.filter(
    ({ atMs, reason }) => reason !== LATE_CREATE_POSSIBLE && nowMs - atMs < ABORT_BACKOFF_MEMORY_MS,
  )
  return Math.min(ABORT_BACKOFF_FIRST_MS * 2 ** recent.length, ABORT_BACKOFF_MAX_MS)
}

/** Candidates in a row that are given up for this; then it has to do. */
const DOUBLED_MAX = 2

/**
 * Whether a create of the candidate may still be on its way. Once the candidate serves, a late copy
 * of it could not be told from a foreign secret, since its value works anyhow; one that was given
 * up is told by its value.
 */
export function isDoubled(record: CredentialRecord, nowMs: number): boolean {
  if ((record.pending?.attempts ?? 1) < 2) return false
  const recent = record.tombstones.filter(
    ({ reason, atMs }) => reason === DOUBLED && nowMs - atMs < ABORT_BACKOFF_MEMORY_MS,
  )
  return recent.length < DOUBLED_MAX
}

/** Whether an operator said that the version of this stage leaked. */
export function isCompromised(record: CredentialRecord, stage: Stage): boolean {
  return record.emergency?.compromised.includes(stage) === true
}

/** What moves when a rotation moves, commands apart. */
export function progressOf({
  phase,
  lastGeneration,
  current,
  pending,
  previous,
}: CredentialRecord): string {
  const versions = [current, pending, previous].map((v) => `${v?.generation} ${v?.secretId}`)
  return [phase, lastGeneration, pending?.attempts, ...versions].join(' ')
}

/** From when on a revoked value that is still accepted lives on under another id: it is no longer merely slow to die. */
export function outlivedRevokeAtMs(revokedAtMs: number, traits: ProviderTraits): number {
  return revokedAtMs + traits.propagationMaxMs / 2 + 1
}
