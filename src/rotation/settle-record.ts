import type { BlockedReason, CredentialRecord } from '../kernel/credential.ts'
import type { Moment, Taken } from './context.ts'
import { clockAheadMs } from './facts.ts'

/** Stops all mutations at the provider. */
export function blockCredential(
  { record, seen, nowMs }: Moment,
  reason: BlockedReason,
  detail: string,
): Taken {
  return { record: { ...record, blocked: { reason, sinceMs: nowMs, detail } }, seen }
}

export function unblockCredential({ record, seen }: Moment): Taken {
  return { record: { ...record, blocked: null }, seen }
}

/**
 * Current's id is known now. A version that was thought to have it has none, and nothing is left of
 * it to revoke.
 */
export function bindCurrent({ record, seen, nowMs }: Moment, secretId: string): Taken {
  const { current, pending, previous } = record
  const robbed = pending?.secretId === secretId || previous?.secretId === secretId
  return {
    record: {
      ...record,
      current: { ...current, secretId },
      pending: pending?.secretId === secretId ? { ...pending, secretId: null } : pending,
      previous: previous?.secretId === secretId ? { ...previous, secretId: null } : previous,
      absentSinceMs: robbed ? nowMs : record.absentSinceMs,
    },
    seen: { ...seen, lastSecretId: null },
  }
}

/** Previous's id is known now, or is known not to be; whatever was revoked under another id was not it. */
export function bindPrevious({ record, seen }: Moment, secretId: string | null): Taken {
  const { previous } = record
  if (previous === null) return { record, seen }
  return { record: { ...record, previous: { ...previous, secretId }, absentSinceMs: null }, seen }
}

/** The revoke did not hold: it is sent again. */
export function revokeAgain({ record, seen }: Moment): Taken {
  return { record: { ...record, absentSinceMs: null }, seen }
}

/**
 * Instants that another clock wrote ahead of ours become now, or waits for them would last as long
 * as the skew.
 */
export function restampRecord({ record, seen, nowMs }: Moment): Taken {
  const { current, pending, previous, emergency, blocked } = record
  const past = <T extends number | null>(atMs: T): T | number =>
    atMs === null ? atMs : Math.min(atMs, nowMs)
  const restamped: CredentialRecord = {
    ...record,
    phaseSinceMs: past(record.phaseSinceMs),
    current: { ...current, activatedAtMs: past(current.activatedAtMs) },
    pending: pending && {
      ...pending,
      firstSeenAtMs: past(pending.firstSeenAtMs),
      ...(pending.rollout && {
        rollout: { ...pending.rollout, sinceMs: past(pending.rollout.sinceMs) },
      }),
    },
    previous: previous && { ...previous, demotedAtMs: past(previous.demotedAtMs) },
    emergency: emergency && { ...emergency, sinceMs: past(emergency.sinceMs) },
    blocked: blocked && { ...blocked, sinceMs: past(blocked.sinceMs) },
    tombstones: record.tombstones.map((one) => ({ ...one, atMs: past(one.atMs) })),
    absentSinceMs: past(record.absentSinceMs),
    requestedAtMs: past(record.requestedAtMs),
    notBeforeMs: record.notBeforeMs && record.notBeforeMs - clockAheadMs(record, nowMs),
  }
  return { record: restamped, seen }
}
