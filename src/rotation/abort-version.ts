import {
  type PendingVersion,
  type SecretVersion,
  type Tombstone,
  hasValue,
} from '../kernel/credential.ts'
import { TOMBSTONES_MAX } from '../kernel/limits.ts'
import type { Moment, Taken } from './context.ts'
import { ABORTED, DOUBLED, REJECTED, abortBackoffMs } from './facts.ts'
import { forgetProbes } from './observation.ts'
import type { LateCreate } from './reconcile.ts'
import { withoutStage } from './revoke-version.ts'
import { SLOT_TAKEN } from './slot-taken.ts'

/** Saves the intent to give up the candidate. */
export function abortVersion({ record, seen }: Moment): Taken {
  return { record: { ...record, phase: 'aborting', absentSinceMs: null }, seen }
}

/**
 * A create of an abandoned candidate was delivered late: it takes the place of the candidate, if
 * there is one, and is revoked under its own id.
 */
export function abortLateCreate({ record, seen, nowMs }: Moment, late: LateCreate): Taken {
  const { tombstone, secretId } = late
  const others = record.tombstones.filter((one) => one !== tombstone)
  const tombstones =
    record.pending === null
      ? others
      : buryTombstone(others, record.pending, 'superseded', record.pending.secretId, nowMs)
  const pending: PendingVersion = {
    generation: tombstone.generation,
    value: tombstone.value,
    secretId,
    fingerprint: tombstone.fingerprint,
    createdAtMs: tombstone.atMs,
    idsBefore: [],
    // Nobody has counted; a further one may still be on its way.
    attempts: 2,
    firstSeenAtMs: nowMs,
    // It was accepted just now, or it is listed again although it was revoked.
    probesPassed: 1,
  }
  return {
    record: { ...record, phase: 'aborting', pending, tombstones, absentSinceMs: null },
    seen,
  }
}

/** The end of a candidate: only its tombstone remains, and the next one waits for a while. */
export function buryVersion({ record, seen, nowMs }: Moment, reason: string): Taken {
  const { pending } = record
  if (pending === null) return { record, seen }
  const calm = reason === REJECTED || reason === SLOT_TAKEN || record.emergency !== null
  const doubled = reason === ABORTED && pending.attempts > 1 && hasValue(pending)
  return {
    record: {
      ...record,
      phase: 'idle',
      pending: null,
      absentSinceMs: null,
      tombstones: buryTombstone(
        record.tombstones,
        pending,
        doubled ? DOUBLED : reason,
        pending.secretId,
        nowMs,
      ),
      notBeforeMs: calm ? record.notBeforeMs : nowMs + abortBackoffMs(record, nowMs),
      emergency: withoutStage(record.emergency, 'pending'),
    },
    seen: { ...forgetProbes(seen, [pending.generation]), create: null },
  }
}

/** Adds a tombstone, the newest last; the oldest make room. */
export function buryTombstone(
  tombstones: readonly Tombstone[],
  { generation, value, fingerprint }: SecretVersion,
  reason: string,
  secretId: string | null,
  atMs: number,
): readonly Tombstone[] {
  const others = tombstones.filter((one) => one.generation !== generation)
  const added: Tombstone = { generation, value, secretId, fingerprint, reason, atMs }
  return [...others, added].slice(-TOMBSTONES_MAX)
}
