import {
  type CurrentVersion,
  type Emergency,
  type PreviousVersion,
  type Stage,
  hasValue,
} from '../kernel/credential.ts'
import { buryTombstone } from './abort-version.ts'
import type { Moment, RotatorDeps, Taken } from './context.ts'
import { LATE_CREATE_POSSIBLE } from './facts.ts'
import { nextRotationAtMs } from './schedule.ts'

/** Every replica holds the standby. */
export function stageVersion({ record, seen }: Moment): Taken {
  return { record: { ...record, phase: 'staged' }, seen }
}

/** From now on a share of the requests starts with the standby. */
export function rollOutVersion({ policy }: RotatorDeps, { record, seen, nowMs }: Moment): Taken {
  const { pending } = record
  if (pending === null || policy.stagedPromotion === undefined) return { record, seen }
  const rollout = { share: policy.stagedPromotion.share, sinceMs: nowMs }
  return { record: { ...record, pending: { ...pending, rollout } }, seen }
}

/**
 * Pending becomes current, current becomes previous: one write, and no call to the provider. An
 * account's first secret has nothing before it.
 */
export function promoteVersion(deps: RotatorDeps, { record, seen, nowMs }: Moment): Taken {
  const { current, pending } = record
  if (pending === null) return { record, seen }
  const { generation, value, secretId, fingerprint, createdAtMs, attempts } = pending
  // A create that was sent twice may be delivered once more, even after this version is revoked.
  const tombstones =
    attempts > 1 && deps.provider.traits.valueSource !== 'server'
      ? buryTombstone(record.tombstones, pending, LATE_CREATE_POSSIBLE, null, nowMs)
      : record.tombstones
  return {
    record: {
      ...record,
      phase: hasValue(current) ? 'promoted' : 'idle',
      current: {
        generation,
        value,
        secretId,
        fingerprint,
        createdAtMs,
        activatedAtMs: nowMs,
        bootstrap: false,
      },
      previous: hasValue(current) ? demoted(current, nowMs) : null,
      pending: null,
      tombstones,
      absentSinceMs: null,
      requestedAtMs: null,
      nextRotationAtMs: nextRotationAtMs(deps.policy, deps.random, nowMs),
      emergency: relabel(record.emergency, { current: 'previous', pending: 'current' }),
    },
    seen,
  }
}

function demoted(
  { generation, value, secretId, fingerprint, createdAtMs, bootstrap }: CurrentVersion,
  demotedAtMs: number,
): PreviousVersion {
  return { generation, value, secretId, fingerprint, createdAtMs, demotedAtMs, bootstrap }
}

/**
 * The new version is refused while the old one works: back to the old one, and the new one is given
 * up.
 */
export function demoteVersion({ record, seen, nowMs }: Moment, requested: boolean): Taken {
  const { current, previous } = record
  if (previous === null) return { record, seen }
  const { demotedAtMs: _, ...restored } = previous
  return {
    record: {
      ...record,
      phase: 'aborting',
      current: { ...restored, activatedAtMs: nowMs },
      pending: {
        generation: current.generation,
        value: current.value,
        secretId: current.secretId,
        fingerprint: current.fingerprint,
        createdAtMs: current.createdAtMs,
        idsBefore: [],
        attempts: 1,
        firstSeenAtMs: current.activatedAtMs,
        probesPassed: 0,
      },
      previous: null,
      absentSinceMs: null,
      requestedAtMs: requested ? nowMs : null,
      emergency: relabel(record.emergency, { current: 'pending', previous: 'current' }),
    },
    seen,
  }
}

/** A leaked version stays leaked under its new label. */
function relabel(
  emergency: Emergency | null,
  labels: Readonly<Partial<Record<Stage, Stage>>>,
): Emergency | null {
  if (emergency === null) return null
  const compromised = emergency.compromised.flatMap((stage) => labels[stage] ?? [])
  return compromised.length === 0 ? null : { ...emergency, compromised }
}
