import { type CredentialRecord, hasValue } from '../kernel/credential.ts'
import type { RotationPolicy } from '../kernel/policy.ts'
import type { ProviderTraits } from '../kernel/ports/provider.ts'
import { outlivesLosses } from './attribute-slots.ts'
import { listAtMs, probeAtMs, watchedGenerations } from './look-times.ts'
import type { Observation } from './observation.ts'
import { type Belief, freshlyAccepted, reconcile } from './reconcile.ts'
import type { Step, WaitReason } from './step.ts'
import { LIST_FRESH_MS, REST_LOOK_MS } from './timing.ts'

/** What holds for a credential by configuration and by its provider's nature. */
export interface Rules {
  readonly policy: RotationPolicy
  readonly traits: ProviderTraits
}

/** Everything that a decision may look at. */
export interface View extends Rules {
  readonly record: CredentialRecord
  readonly seen: Observation
  readonly belief: Belief
  readonly nowMs: number
}

export function view(
  record: CredentialRecord,
  seen: Observation,
  rules: Rules,
  nowMs: number,
): View {
  return { record, seen, ...rules, belief: reconcile(record, seen), nowMs }
}

/**
 * Looks before it decides: probes and lists that are due in this phase, or null when enough is
 * known.
 */
export function lookAround(v: View): Step | null {
  const generation = watchedGenerations(v).find((one) => v.nowMs >= probeAtMs(v, one))
  if (generation !== undefined) return { kind: 'probe', generation, reason: 'drift' }
  return v.nowMs >= listAtMs(v) ? { kind: 'list', reason: 'drift' } : null
}

/** Waits until `untilMs`, or until something is due to be looked at. */
export function wait(v: View, reason: WaitReason, untilMs = v.nowMs + REST_LOOK_MS): Step {
  const looks = watchedGenerations(v).map((one) => probeAtMs(v, one))
  const nextMs = Math.min(untilMs, listAtMs(v), ...looks)
  return { kind: 'wait', untilMs: Math.max(nextMs, v.nowMs + 1), reason }
}

/**
 * The look that must come before an effect relies on this version, or null when its proof is fresh.
 */
export function prove(v: View, generation: number): Step | null {
  if (freshlyAccepted(v.seen, generation, v.nowMs)) return null
  // Nothing relies on a current that is still to be made: the manager authenticates.
  const { current } = v.record
  if (generation === current.generation && !hasValue(current)) return null
  const sight = v.seen.probes.get(generation)
  if (sight !== undefined && sight.inconclusive > 0 && v.nowMs < sight.retryAtMs) {
    return wait(v, 'probe-inconclusive', sight.retryAtMs)
  }
  // A refusal is asked again by `lookAround`, at its pace, until it is settled.
  if (sight?.verdict === 'refused') return wait(v, 'proving')
  return { kind: 'probe', generation, reason: 'prove' }
}

/**
 * What must come before the last other version goes: current is listed, since one that somebody else has just revoked is
 * accepted for a while, in some regions longer than in others. Null when it is, when the id can't be its own, and where
 * there is nothing to list.
 */
export function proveListed(v: View): Step | null {
  const { record, seen, belief, traits, nowMs } = v
  const { secretId } = record.current
  if (traits.model === 'promote' || secretId === null) return null
  if (seen.list === null) return { kind: 'list', reason: 'confirm-revoke' }
  const isMisnamed = belief.currentMisnamed && outlivesLosses(record, seen, traits)
  if (!seen.list.ids.includes(secretId) && !isMisnamed) return wait(v, 'list-unsettled')
  const isFresh = nowMs - seen.list.answeredAtMs <= LIST_FRESH_MS
  return isFresh ? null : { kind: 'list', reason: 'confirm-revoke' }
}

/** Holds back calls to the provider while it asked for it, or while it can't be reached. */
export function whileHeld(v: View, step: Step): Step {
  if (step.kind !== 'list' && !MUTATIONS.has(step.kind)) return step
  const { callHold } = v.seen
  if (callHold !== null && v.nowMs < callHold.untilMs) {
    return wait(v, callHold.reason, callHold.untilMs)
  }
  const notBeforeMs = v.record.notBeforeMs ?? 0
  if (step.kind !== 'list' && v.nowMs < notBeforeMs) return wait(v, 'backing-off', notBeforeMs)
  return step
}

/**
 * A call that relies on this version: it is proven right before, but not over and over again while the call has to wait.
 * @param isListed what must be known of the list before it
 */
export function proveFor(
  v: View,
  generation: number,
  call: Step,
  isListed: (v: View) => Step | null = () => null,
): Step {
  const step = whileHeld(v, call)
  return step === call ? (prove(v, generation) ?? isListed(v) ?? call) : step
}

const MUTATIONS: ReadonlySet<Step['kind']> = new Set(['prepare', 'resend', 'create', 'revoke'])
