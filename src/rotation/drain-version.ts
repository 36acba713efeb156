import type { CredentialRecord } from '../kernel/credential.ts'
import type { RotationPolicy } from '../kernel/policy.ts'
import { isCompromised } from './facts.ts'
import type { MemberSight, Observation } from './observation.ts'
import { BARRIER_POLL_MS, ROLLOUT_REPORT_MAX_MS } from './timing.ts'
import type { View } from './view.ts'

/**
 * A barrier that is not passed yet. `silent`: a replica that holds it up has not reported for too
 * long.
 */
export interface Held {
  readonly reason:
    'drain' | 'previous-in-use' | 'ack-barrier' | 'preposition-barrier' | 'staged-promotion'
  readonly untilMs: number
  readonly silent: boolean
}

/** Every registered replica holds `pending` in memory, so that it can fall forward. */
export function prepositionBarrier(v: View): Held | null {
  const generation = v.record.pending?.generation ?? 0
  return barrier(v, 'preposition-barrier', ({ member }) => member.held.includes(generation))
}

/** Every registered replica has told a moment ago what it sees of the staged promotion. */
export function rolloutBarrier(v: View): Held | null {
  const generation = v.record.pending?.generation ?? 0
  return barrier(v, 'staged-promotion', ({ member, reportedAtMs }) => {
    const isFresh = v.nowMs - reportedAtMs <= ROLLOUT_REPORT_MAX_MS
    return isFresh && member.rollout?.generation === generation
  })
}

/**
 * Both barriers before a revoke, or null when every replica has left the old version alone. A leak
 * does not drain.
 */
export function revokeBarriers(v: View): Held | null {
  const { record, policy, seen, nowMs } = v
  const leaked = isCompromised(record, 'previous')
  const drain = leaked ? null : drainBarrier(record, policy, seen, nowMs)
  return drain ?? ackBarrier(v)
}

/**
 * Nobody starts requests with the candidate that is about to be given up, as after a demotion or a
 * staged promotion.
 */
export function releaseBarrier(v: View): Held | null {
  const generation = v.record.pending?.generation ?? 0
  return barrier(
    v,
    'ack-barrier',
    ({ member }) =>
      member.ackGeneration !== generation && member.rollout?.generation !== generation,
  )
}

/**
 * Every registered replica treats `current` as current. In an emergency it is enough that it holds
 * it: then it falls forward by itself. Silence is never consent.
 */
function ackBarrier(v: View): Held | null {
  const { generation } = v.record.current
  const emergency = v.record.emergency !== null
  return barrier(
    v,
    'ack-barrier',
    ({ member }) =>
      member.ackGeneration >= generation || (emergency && member.held.includes(generation)),
  )
}

/**
 * `previous` has been unused by every replica for the drain time, as far as each of them has
 * reported; by those that are gone too.
 */
function drainBarrier(
  record: CredentialRecord,
  policy: RotationPolicy,
  seen: Observation,
  nowMs: number,
): Held | null {
  const { previous } = record
  if (previous === null) return null
  const used = [...seen.members.values()].map((sight) => sight.usedAtMs.get(previous.generation))
  // A replica that has left may have used it a moment before.
  const byGoneMs = seen.gone.get(previous.generation)?.atMs ?? 0
  const lastUsedAtMs = Math.max(byGoneMs, ...used.map((atMs) => atMs ?? 0))
  const quietAtMs = Math.max(previous.demotedAtMs, lastUsedAtMs) + policy.drainMs
  if (nowMs >= quietAtMs) return null
  const inUse = lastUsedAtMs > previous.demotedAtMs
  return { reason: inUse ? 'previous-in-use' : 'drain', untilMs: quietAtMs, silent: false }
}

function barrier(
  { record, policy, seen, nowMs }: View,
  reason: Held['reason'],
  passed: (sight: MemberSight) => boolean,
): Held | null {
  const waitingFor = [...seen.members.values()].filter((sight) => !passed(sight))
  if (waitingFor.length === 0) return null
  // A replica with nothing to say may be quiet for long; it has to answer once it is asked for
  // something.
  const askedAtMs = Math.max(record.phaseSinceMs, seen.startedAtMs)
  const silent = waitingFor.some(
    (sight) => nowMs - Math.max(sight.reportedAtMs, askedAtMs) > policy.memberSilentMs,
  )
  return { reason, untilMs: nowMs + BARRIER_POLL_MS, silent }
}
