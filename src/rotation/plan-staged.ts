import { isUnbound, outlivesLosses } from './attribute-slots.ts'
import { waitForMembers } from './blocked.ts'
import { rolloutBarrier } from './drain-version.ts'
import { isCompromised } from './facts.ts'
import { isRefusedTooOften, rolloutLeftMs } from './rollout.ts'
import { type DueReason, calendarHold, dueAtMs, dueReason } from './schedule.ts'
import type { Step } from './step.ts'
import { ROLLOUT_POLL_MS, WINDOW_POLL_MS } from './timing.ts'
import { type View, prove, wait } from './view.ts'

/** staged: the standby, and every replica can fall forward to it. → promoted, → aborting */
export function planStaged(v: View): Step {
  const { record, belief, policy, nowMs } = v
  const generation = record.pending?.generation ?? 0
  if (isCompromised(record, 'pending')) return { kind: 'abort', reason: 'compromised' }
  if (belief.current === 'dead') {
    return prove(v, generation) ?? { kind: 'promote', reason: 'current-dead' }
  }
  if (belief.pending === 'dead') return { kind: 'abort', reason: 'standby-refused' }
  if (belief.pendingGone) return { kind: 'abort', reason: 'standby-absent' }
  const [other, ...more] = belief.unknownIds
  const single = other !== undefined && more.length === 0
  if (single && isUnbound(record, belief) && outlivesLosses(record, v.seen, v.traits)) {
    const proof = prove(v, record.current.generation)
    return proof ?? { kind: 'bind-current', secretId: other, reason: 'elimination' }
  }
  if (isRefusedTooOften(v)) return { kind: 'abort', reason: 'rollout-refused' }
  // What has begun is brought to its end, whatever the configuration says by now.
  const begun = record.pending?.rollout === undefined ? null : 'due'
  const due = dueReason(record, policy, nowMs) ?? begun
  if (due === null && policy.standby === 'none') {
    return { kind: 'abort', reason: 'standby-unwanted' }
  }
  if (due === null) return wait(v, 'not-due', dueAtMs(record, policy))
  const hold = due === 'emergency' ? null : calendarHold(policy, nowMs)
  if (hold !== null) return wait(v, hold, nowMs + WINDOW_POLL_MS)
  const rollout = due === 'emergency' ? null : planRollout(v, due)
  return rollout ?? prove(v, generation) ?? { kind: 'promote', reason: due }
}

/**
 * A share of the requests first, all of them later. Null: there is no staged promotion, or it has come to its end. A
 * replica that says nothing, or that has not heard of it, holds it up: what it would report is not known.
 */
function planRollout(v: View, due: DueReason): Step | null {
  const { record, policy, nowMs } = v
  if (policy.stagedPromotion === undefined) return null
  const { pending } = record
  if (pending?.rollout === undefined) {
    return prove(v, pending?.generation ?? 0) ?? { kind: 'roll-out', reason: due }
  }
  const held = rolloutBarrier(v)
  if (held !== null) return waitForMembers(v, held)
  const leftMs = rolloutLeftMs(v, policy.stagedPromotion)
  if (leftMs <= 0) return null
  return wait(v, 'staged-promotion', nowMs + Math.min(leftMs, ROLLOUT_POLL_MS))
}
