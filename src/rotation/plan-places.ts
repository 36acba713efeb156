import type { Phase } from '../kernel/credential.ts'
import { ABSENCE_PERSIST_MS, CANDIDATES_MAX } from '../kernel/limits.ts'
import { block, resendLater, waitForMembers } from './blocked.ts'
import { releaseBarrier, revokeBarriers } from './drain-version.ts'
import { isCompromised, rejectedInARow } from './facts.ts'
import { refused } from './reconcile.ts'
import { calendarHold, dueAtMs, dueReason, isBlackedOut } from './schedule.ts'
import { isSlotTaken } from './slot-taken.ts'
import type { Step } from './step.ts'
import { ORPHAN_WINDOW_MS, WINDOW_POLL_MS } from './timing.ts'
import { type View, prove, proveFor, wait } from './view.ts'

/** idle: current serves alone. → prepared */
function planIdle(v: View): Step {
  const { record, policy, nowMs } = v
  const due = dueReason(record, policy, nowMs)
  if (policy.standby !== 'hot' && due === null) return wait(v, 'not-due', dueAtMs(record, policy))
  if (rejectedInARow(record) >= CANDIDATES_MAX) return block('candidate-rejected')
  if (isSlotTaken(record)) return block('slot-full-foreign')
  const hold = policy.standby === 'none' ? calendarHold(policy, nowMs) : null
  if (hold !== null && due !== 'emergency') return wait(v, hold, nowMs + WINDOW_POLL_MS)
  return prove(v, record.current.generation) ?? { kind: 'prepare', reason: due ?? 'standby' }
}

/**
 * prepared: the secondary may have been made or not; only another create tells. → created, → idle
 * A full place after a create of unknown outcome holds our orphan. → aborting
 */
function planPrepared(v: View): Step {
  const { record, seen } = v
  const { pending, current } = record
  const sent = seen.create?.generation === pending?.generation ? seen.create : null
  if (sent?.outcome === 'unsent') return { kind: 'create', reason: 'intent-saved' }
  if (sent?.outcome === 'invalid-value') return { kind: 'bury', reason: 'candidate-rejected' }
  if (sent?.outcome !== 'slots-full') return resendLater(v, sent?.atMs ?? seen.startedAtMs)
  // The first create was refused, so it made nothing; only an earlier one may have.
  const isOurs = (pending?.attempts ?? 0) > 1 && isOrphanInPlace(v, sent.atMs)
  if (!isOurs) return { kind: 'bury', reason: 'slot-taken' }
  return prove(v, current.generation) ?? bindOrphan(v)
}

/** Current is proven to be in the other place, and nobody else had the time to fill this one. */
function isOrphanInPlace({ record, traits }: View, atMs: number): boolean {
  const { pending, current } = record
  if (pending === null || current.secretId !== traits.slots?.primary) return false
  return atMs <= pending.createdAtMs + pending.attempts * ORPHAN_WINDOW_MS
}

function bindOrphan({ traits }: View): Step {
  return { kind: 'bind-pending', secretId: traits.slots?.secondary ?? '', reason: 'answer-lost' }
}

/** promoted: requests have moved to the secondary. → retiring, → aborting (demoted) */
function planPromoted(v: View): Step {
  const { record, belief, policy, nowMs } = v
  const { current, previous } = record
  if (belief.current === 'dead') return demote(v)
  if (belief.previous === 'dead') {
    return prove(v, current.generation) ?? { kind: 'retire', reason: 'previous-gone' }
  }
  const emergency = isCompromised(record, 'previous')
  if (!emergency && previous?.bootstrap === true && policy.revokeBootstrap === 'confirm') {
    if (!record.bootstrapConsent) return wait(v, 'bootstrap-consent')
  }
  const held = revokeBarriers(v)
  if (held !== null) return waitForMembers(v, held)
  const hold = emergency ? null : calendarHold(policy, nowMs)
  if (hold !== null) return wait(v, hold, nowMs + WINDOW_POLL_MS)
  const proof = prove(v, current.generation)
  return proof ?? { kind: 'retire', reason: emergency ? 'emergency' : 'drained' }
}

/** retiring: the promotion at the provider ends previous. → idle, → aborting (demoted) */
function planRetiring(v: View): Step {
  const { record, belief, seen, traits, nowMs } = v
  const { current, previous, absentSinceMs } = record
  const generation = previous?.generation ?? 0
  if (belief.current === 'dead') return demote(v)
  if (absentSinceMs === null) {
    if (belief.previous === 'dead') return { kind: 'gone', reason: 'absent' }
    const held = revokeBarriers(v)
    if (held !== null) return waitForMembers(v, held)
    const hold = isCompromised(record, 'previous') ? null : calendarHold(v.policy, nowMs)
    if (hold !== null) return wait(v, hold, nowMs + WINDOW_POLL_MS)
    // Only while previous works: once it has happened, another promotion could hit nothing but a
    // secondary that somebody else has made since.
    const proof = prove(v, current.generation) ?? prove(v, generation)
    return proof ?? { kind: 'revoke', reason: 'retiring' }
  }
  const settledAtMs = absentSinceMs + ABSENCE_PERSIST_MS
  if (nowMs < settledAtMs) return wait(v, 'revoke-settling', settledAtMs)
  if (refused(seen, generation)) {
    return prove(v, current.generation) ?? { kind: 'finish', reason: 'revoked' }
  }
  const isPromoted = current.secretId === traits.slots?.primary
  if (isPromoted || belief.previous !== 'alive') return wait(v, 'revoke-settling')
  // It was only taken for dead, and nothing was promoted.
  return { kind: 'revoke-again', reason: 'still-accepted' }
}

/** aborting: the secondary is being deleted. → idle, → promoted (current dead) */
function planAborting(v: View): Step {
  const { record, belief, seen, traits, nowMs } = v
  const { pending, current, absentSinceMs } = record
  const generation = pending?.generation ?? 0
  if (belief.current === 'dead') {
    return prove(v, generation) ?? { kind: 'promote', reason: 'current-dead' }
  }
  if (absentSinceMs !== null) {
    if (belief.pending === 'dead' || refused(seen, generation)) {
      return { kind: 'bury', reason: 'aborted' }
    }
    const latestMs = absentSinceMs + traits.propagationMaxMs
    if (nowMs < latestMs) return wait(v, 'revoke-settling', latestMs)
    return { kind: 'bury', reason: 'revoke-unproven' }
  }
  if (pending?.secretId === null) return planUnboundAbort(v)
  // What is in another place can't be deleted by its id; it was given up because it is refused.
  if (pending?.secretId !== traits.slots?.secondary) return { kind: 'gone', reason: 'absent' }
  const inUse = belief.pending === 'dead' ? null : releaseBarrier(v)
  if (inUse !== null) return waitForMembers(v, inUse)
  if (isBlackedOut(v)) return wait(v, 'blackout', v.nowMs + WINDOW_POLL_MS)
  return proveFor(v, current.generation, { kind: 'revoke', reason: 'aborting' })
}

/** Given up before the answer was known: it may have made a secondary all the same. */
function planUnboundAbort(v: View): Step {
  const { record, seen } = v
  const untold = seen.create === null || seen.create.outcome === 'unknown'
  return untold && isOrphanInPlace(v, v.nowMs)
    ? (prove(v, record.current.generation) ?? bindOrphan(v))
    : { kind: 'bury', reason: 'never-created' }
}

/** The secondary is refused while the primary works: back to that. */
function demote(v: View): Step {
  const { record } = v
  const proof = prove(v, record.previous?.generation ?? 0)
  return proof ?? { kind: 'demote', reason: 'current-refused' }
}

/**
 * The phases in which the promote model differs. Nothing is listed: probes alone tell what lives.
 * Previous is ended by promoting current at the provider, once requests have moved. What is proven
 * of the two places is in the id of current: the primary's name since a create or a promotion has
 * shown it; null, or the secondary's, before.
 */
export const PLANS_OF_PLACES: Readonly<Partial<Record<Phase, (v: View) => Step>>> = {
  idle: planIdle,
  prepared: planPrepared,
  promoted: planPromoted,
  retiring: planRetiring,
  aborting: planAborting,
}
