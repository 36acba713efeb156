import type { CredentialRecord, Phase } from '../kernel/credential.ts'
import { CANDIDATES_MAX, VERIFY_SUCCESSES } from '../kernel/limits.ts'
import { block, resendLater, waitForMembers, whileBlocked } from './blocked.ts'
import { prepositionBarrier, releaseBarrier, revokeBarriers } from './drain-version.ts'
import {
  clockAheadMs,
  heldGenerationMax,
  isCompromised,
  isDoubled,
  rejectedInARow,
} from './facts.ts'
import type { Observation } from './observation.ts'
import { attributeSlots } from './attribute-slots.ts'
import { attributeCreate, nothingWorks, refused } from './reconcile.ts'
import { PLANS_OF_PLACES } from './plan-places.ts'
import { planFirst } from './plan-first.ts'
import { planStaged } from './plan-staged.ts'
import { calendarHold, dueAtMs, dueReason, isBlackedOut } from './schedule.ts'
import {
  awaitBirth,
  isLongDead,
  isUnseen,
  planUnboundAbort,
  settleLastSecret,
  settleOutlived,
  settlePreviousId,
  survivorId,
} from './settle-attribution.ts'
import type { Step } from './step.ts'
import { CLOCK_SKEW_MAX_MS, LIST_FRESH_MS, REST_LOOK_MS, WINDOW_POLL_MS } from './timing.ts'
import {
  type Rules,
  type View,
  lookAround,
  prove,
  proveFor,
  proveListed,
  view,
  wait,
  whileHeld,
} from './view.ts'

/**
 * Decides what to do next, from the record, what was seen, the rules and the time: nothing else.
 * One function per phase; together they are the state diagram of `docs/architecture.md`:
 *   idle → prepared → created → verified → staged → promoted → retiring → idle
 *   prepared … staged → aborting → idle; verified → idle (an account's first secret)
 *   promoted, retiring → aborting (demoted); aborting → promoted (current dead)
 */
export function plan(
  record: CredentialRecord,
  seen: Observation,
  rules: Rules,
  nowMs: number,
): Step {
  const v = view(record, seen, rules, nowMs)
  if (clockAheadMs(record, nowMs) > CLOCK_SKEW_MAX_MS) {
    return { kind: 'restamp', reason: 'clock-ahead' }
  }
  if (record.paused) return { kind: 'wait', untilMs: nowMs + REST_LOOK_MS, reason: 'paused' }
  const step = lookAround(v) ?? whileHeld(v, planPhase(v))
  return record.blocked === null ? step : whileBlocked(v, record.blocked, step)
}

function planPhase(v: View): Step {
  const { record, belief, seen, traits } = v
  if (heldGenerationMax(seen) > record.lastGeneration) return block('record-foreign-write')
  if (nothingWorks(record, belief)) return block('no-working-secret')
  const plans = traits.model === 'promote' ? PLANS_WITH_PLACES : PLANS
  return planFirst(v) ?? plans[record.phase](v)
}

/** idle: current is the only known version. → prepared, → aborting (a late create of ours) */
function planIdle(v: View): Step {
  const { record, belief, seen, policy, traits, nowMs } = v
  const due = dueReason(record, policy, nowMs)
  const wanted = policy.standby === 'hot' || due !== null
  const slots = attributeSlots(record, belief, seen, traits)
  if (slots.kind === 'late') return { kind: 'abort-late', late: slots.late, reason: 'late-create' }
  if (slots.kind === 'bind-current') {
    return prove(v, record.current.generation) ?? { ...slots, reason: 'single-id' }
  }
  // Only the block still tells that there were more ids: no calendar may lift it.
  if (slots.kind === 'unsettled' && record.blocked?.reason === 'attribution-ambiguous') {
    return wait(v, 'list-unsettled')
  }
  if (!wanted) return wait(v, 'not-due', dueAtMs(record, policy))
  if (rejectedInARow(record) >= CANDIDATES_MAX) return block('candidate-rejected')
  if (slots.kind === 'foreign') return block('slot-full-foreign')
  if (slots.kind === 'ambiguous') return block('attribution-ambiguous')
  const hold = policy.standby === 'none' ? calendarHold(policy, nowMs) : null
  if (hold !== null && due !== 'emergency') return wait(v, hold, nowMs + WINDOW_POLL_MS)
  if (slots.kind === 'unsettled') return wait(v, 'list-unsettled')
  if (seen.list === null || nowMs - seen.list.atMs > LIST_FRESH_MS) {
    return { kind: 'list', reason: 'before-create' }
  }
  return { kind: 'prepare', reason: due ?? 'standby' }
}

/** prepared: the create may have happened or not. → created, → idle (rejected), → aborting */
function planPrepared(v: View): Step {
  const { record, belief, seen } = v
  const fate = attributeCreate(record, belief, seen, v.traits)
  if (fate.kind === 'absent') return resendLater(v, seen.create?.atMs ?? 0)
  switch (fate.kind) {
    case 'unsent':
      return { kind: 'create', reason: 'intent-saved' }
    case 'ours':
      return { kind: 'bind-pending', secretId: fate.secretId, reason: 'answer-lost' }
    case 'late':
      return { kind: 'abort-late', late: fate.late, reason: 'late-create' }
    case 'rejected':
      return { kind: 'bury', reason: 'candidate-rejected' }
    case 'foreign':
      return block('slot-full-foreign')
    case 'ambiguous':
      return block('attribution-ambiguous')
    case 'unsettled':
      return isUnseen(v) ? { kind: 'sight', reason: 'new-id' } : wait(v, 'create-unknown')
  }
}

/** created: the id is known, the value not proven. → verified, → aborting */
function planCreated(v: View): Step {
  const { record, belief, seen, traits, nowMs } = v
  const generation = record.pending?.generation ?? 0
  // Where the provider chooses the value, a second create makes another secret, or none.
  const mayDouble = traits.valueSource !== 'server' && isDoubled(record, nowMs)
  if (mayDouble && belief.current === 'alive') return { kind: 'abort', reason: 'create-doubled' }
  const sight = seen.probes.get(generation)
  if (sight?.verdict === 'accepted' && sight.streak >= VERIFY_SUCCESSES) {
    return { kind: 'verify', reason: 'proven' }
  }
  if (!refused(seen, generation)) return wait(v, 'proving')
  const gone = belief.pendingGone && belief.current !== 'dead'
  if (gone) return { kind: 'abort', reason: 'standby-absent' }
  const givenUpAtMs = (record.pending?.firstSeenAtMs ?? nowMs) + traits.propagationMaxMs
  if (nowMs < givenUpAtMs) return wait(v, 'propagation', givenUpAtMs)
  if (belief.current === 'dead') return block('no-working-secret')
  return { kind: 'abort', reason: 'propagation-timeout' }
}

/** verified: proven and offered; not every replica holds it yet. → staged, → aborting */
function planVerified(v: View): Step {
  const { record, belief } = v
  if (isCompromised(record, 'pending')) return { kind: 'abort', reason: 'compromised' }
  if (belief.pending === 'dead') return { kind: 'abort', reason: 'standby-refused' }
  if (belief.current === 'dead') return { kind: 'stage', reason: 'current-dead' }
  if (isCompromised(record, 'current')) return { kind: 'stage', reason: 'emergency' }
  const held = prepositionBarrier(v)
  return held === null ? { kind: 'stage', reason: 'prepositioned' } : waitForMembers(v, held)
}

/** promoted: the old version falls silent. → retiring, → aborting (demoted) */
function planPromoted(v: View): Step {
  const { record, belief, policy, nowMs } = v
  const { current, previous } = record
  if (belief.current === 'dead') {
    const proof = prove(v, previous?.generation ?? 0)
    return proof ?? { kind: 'demote', reason: 'current-refused' }
  }
  if (belief.previous === 'dead' && (belief.previousGone || isLongDead(v))) {
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
  const retire: Step = { kind: 'retire', reason: emergency ? 'emergency' : 'drained' }
  const isListed = emergency ? undefined : proveListed
  return settlePreviousId(v) ?? proveFor(v, current.generation, retire, isListed)
}

/** retiring: the old version is being revoked. → idle, → aborting (demoted) */
function planRetiring(v: View): Step {
  const { record, belief, seen, traits, nowMs } = v
  const { current, previous, absentSinceMs } = record
  if (belief.current === 'dead') {
    const proof = prove(v, previous?.generation ?? 0)
    return proof ?? { kind: 'demote', reason: 'current-refused' }
  }
  if (absentSinceMs === null) {
    // Without an id there is nothing to revoke; what lives on is told by its value.
    const isGone = belief.previousGone || previous?.secretId === null
    if (isGone) return { kind: 'gone', reason: 'absent' }
    if (seen.lastSecretId === previous?.secretId) return settleLastSecret(v, previous?.generation)
    const held = revokeBarriers(v)
    if (held !== null) return waitForMembers(v, held)
    const emergency = isCompromised(record, 'previous')
    const revoke: Step = { kind: 'revoke', reason: 'retiring' }
    const hold = emergency ? null : calendarHold(v.policy, nowMs)
    if (hold !== null) return wait(v, hold, nowMs + WINDOW_POLL_MS)
    return proveFor(v, current.generation, revoke, emergency ? undefined : proveListed)
  }
  if (belief.listed === null) return wait(v, 'revoke-settling')
  if (belief.listed.includes(previous?.secretId ?? '')) {
    return nowMs - absentSinceMs > traits.propagationMaxMs
      ? { kind: 'revoke-again', reason: 'still-listed' }
      : wait(v, 'revoke-settling', absentSinceMs + traits.propagationMaxMs)
  }
  if (refused(seen, previous?.generation ?? 0)) {
    return prove(v, current.generation) ?? { kind: 'finish', reason: 'revoked' }
  }
  const other = survivorId(v, absentSinceMs)
  if (other !== null) return { kind: 'bind-previous', secretId: other, reason: 'elimination' }
  return wait(v, 'revoke-settling')
}

/** aborting: the candidate is being revoked. → idle, → promoted (current dead) */
function planAborting(v: View): Step {
  const { record, belief, seen } = v
  const { pending, current, absentSinceMs } = record
  const generation = pending?.generation ?? 0
  if (belief.current === 'dead') {
    if (pending?.secretId === null) return block('no-working-secret')
    return prove(v, generation) ?? { kind: 'promote', reason: 'current-dead' }
  }
  if (absentSinceMs !== null) {
    const spent = belief.pending === 'dead' || refused(seen, generation)
    if (spent) return { kind: 'bury', reason: 'aborted' }
    return settleOutlived(v, absentSinceMs)
  }
  if (pending?.secretId === null) return planUnboundAbort(v)
  if (belief.pendingGone) return { kind: 'gone', reason: 'absent' }
  if (seen.lastSecretId === pending?.secretId) return settleLastSecret(v, generation)
  const unborn = awaitBirth(v)
  if (unborn !== null) return unborn
  const inUse = belief.pending === 'dead' ? null : releaseBarrier(v)
  if (inUse !== null) return waitForMembers(v, inUse)
  if (isBlackedOut(v)) return wait(v, 'blackout', v.nowMs + WINDOW_POLL_MS)
  return proveFor(v, current.generation, { kind: 'revoke', reason: 'aborting' })
}

const PLANS: Readonly<Record<Phase, (v: View) => Step>> = {
  idle: planIdle,
  prepared: planPrepared,
  created: planCreated,
  verified: planVerified,
  staged: planStaged,
  promoted: planPromoted,
  retiring: planRetiring,
  aborting: planAborting,
}

const PLANS_WITH_PLACES = { ...PLANS, ...PLANS_OF_PLACES }
