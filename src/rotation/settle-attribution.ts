import { PROPAGATION_MAX_MS } from '../kernel/limits.ts'
import { outlivesLosses } from './attribute-slots.ts'
import { block } from './blocked.ts'
import { hasSettled } from './observation.ts'
import { isCompromised, outlivedRevokeAtMs } from './facts.ts'
import { attributeCreate, freshlyAccepted, refused } from './reconcile.ts'
import type { Step } from './step.ts'
import { type View, prove, wait } from './view.ts'

/** Given up before its id was known: the create may still have happened. */
export function planUnboundAbort(v: View): Step {
  const { record, belief, seen, traits } = v
  const fate = attributeCreate(record, belief, seen, traits)
  if (fate.kind === 'ours') {
    return { kind: 'bind-pending', secretId: fate.secretId, reason: 'answer-lost' }
  }
  if (fate.kind === 'unsettled') {
    return isUnseen(v) ? { kind: 'sight', reason: 'new-id' } : wait(v, 'create-unknown')
  }
  // Whatever comes late is told by the tombstone.
  return { kind: 'bury', reason: 'never-created' }
}

/** A new id that may be ours, and that the record does not know of yet. */
export function isUnseen({ record, belief }: View): boolean {
  return belief.newIds.length > 0 && record.pending?.firstSeenAtMs === null
}

/**
 * The id under which a revoked previous lives on: it is still accepted long after the revoke of its
 * own id, current is proven, and there is exactly one other id. So the id was attributed wrongly,
 * or a second create of the value was delivered late.
 */
export function survivorId(v: View, revokedAtMs: number): string | null {
  const other = likelySurvivor(
    v,
    v.record.previous?.generation,
    Math.max(revokedAtMs, v.seen.startedAtMs),
  )
  return other !== null && hasSettled(v.seen, [other]) ? other : null
}

/**
 * A revoked candidate that is still accepted: it lives on under another id, it takes its time, or nobody can tell. While
 * the list is too young to say, it is not given up: its tombstone would have to find the same out later.
 */
export function settleOutlived(v: View, recordedAtMs: number): Step {
  const revokedAtMs = Math.max(recordedAtMs, v.seen.startedAtMs)
  const other = likelySurvivor(v, v.record.pending?.generation, revokedAtMs)
  if (other !== null) {
    if (!hasSettled(v.seen, [other])) return wait(v, 'revoke-settling')
    return { kind: 'bind-pending', secretId: other, reason: 'elimination' }
  }
  const outlivedAtMs = outlivedRevokeAtMs(revokedAtMs, v.traits)
  if (v.nowMs < outlivedAtMs) return wait(v, 'revoke-settling', outlivedAtMs)
  const latestMs = revokedAtMs + v.traits.propagationMaxMs
  if (v.nowMs < latestMs) return wait(v, 'revoke-settling', latestMs)
  return { kind: 'bury', reason: 'revoke-unproven' }
}

function likelySurvivor(
  { belief, seen, traits, record }: View,
  generation: number | undefined,
  revokedAtMs: number,
): string | null {
  const [other, ...more] = belief.unknownIds
  // What could not be asked may well have died, as it should.
  const sight = seen.probes.get(generation ?? 0)
  const aliveAtMs = sight?.verdict === 'accepted' ? sight.verdictAtMs : 0
  const outlived = aliveAtMs >= outlivedRevokeAtMs(revokedAtMs, traits)
  const proven =
    belief.current === 'alive' && belief.listed?.includes(record.current.secretId ?? '')
  return outlived && proven === true && more.length === 0 ? (other ?? null) : null
}

/**
 * Waits until a candidate that may have been created twice was accepted once. Revoked while it is not accepted yet, it
 * may be accepted for a while afterwards: just as if its second create had been delivered late, under the id of
 * somebody else's secret. Bounded by twice what was ever seen.
 */
export function awaitBirth(v: View): Step | null {
  const { pending, phaseSinceMs } = v.record
  if (pending === null || pending.attempts < 2 || pending.probesPassed > 0) return null
  if (v.seen.probes.get(pending.generation)?.verdict === 'accepted') return null
  const latestMs = (pending.firstSeenAtMs ?? phaseSinceMs) + v.traits.propagationMaxMs / 2
  return v.nowMs < latestMs ? wait(v, 'propagation', latestMs) : null
}

/**
 * The provider would not revoke the last secret: either current is gone, or the ids were attributed
 * wrongly.
 */
export function settleLastSecret(v: View, victim: number | undefined): Step {
  const { record, belief, seen, nowMs } = v
  const [only, ...others] = belief.listed ?? []
  const single = only !== undefined && others.length === 0 && only === seen.lastSecretId
  if (single && victim !== undefined && refused(seen, victim)) {
    if (freshlyAccepted(seen, record.current.generation, nowMs)) {
      return { kind: 'bind-current', secretId: only, reason: 'single-id' }
    }
  }
  return prove(v, record.current.generation) ?? wait(v, 'list-unsettled')
}

/** What is still to be known, or done, about previous's id before it may be revoked; null: nothing. */
export function settlePreviousId(v: View): Step | null {
  if (v.record.previous?.secretId === null) return bindPrevious(v)
  return isCompromised(v.record, 'previous') ? null : disownPrevious(v)
}

/**
 * Which id is previous's? By elimination: the list has current's and exactly one more, and previous is accepted, so that
 * it has one.
 */
function bindPrevious(v: View): Step {
  const { record, belief, seen } = v
  const [other, ...more] = belief.unknownIds
  if (belief.listed === null || belief.current !== 'alive') return wait(v, 'list-unsettled')
  if (belief.previous !== 'alive') return wait(v, 'list-unsettled')
  const proven = belief.listed.includes(record.current.secretId ?? '')
  if (!proven || other === undefined || more.length > 0) return block('attribution-ambiguous')
  if (record.previous === null || !outlivesLosses(record, seen, v.traits, record.previous)) {
    return wait(v, 'list-unsettled')
  }
  return { kind: 'bind-previous', secretId: other, reason: 'elimination' }
}

/** Without an id no list tells that it is gone: its refusal has to last, or its value would be forgotten by a hiccup. */
export function isLongDead(v: View): boolean {
  return v.record.previous?.secretId === null && isRefusedForLong(v)
}

/**
 * The id of the secret that was configured was found by being the only one. Where its value is refused and that id is
 * still listed, it is somebody else's, as far as anybody can tell: it is not revoked without an operator's word for it.
 */
function disownPrevious(v: View): Step | null {
  const { record, belief } = v
  const { previous, bootstrapConsent } = record
  if (previous?.bootstrap !== true || bootstrapConsent || belief.previous !== 'dead') return null
  if (belief.listed?.includes(previous.secretId ?? '') === false) return null
  if (!isRefusedForLong(v)) return wait(v, 'list-unsettled')
  return { kind: 'bind-previous', secretId: null, reason: 'refused-though-listed' }
}

function isRefusedForLong({ record, seen }: View): boolean {
  const sight = seen.probes.get(record.previous?.generation ?? 0)
  if (sight?.verdict !== 'refused') return false
  return sight.verdictAtMs - sight.sinceMs > PROPAGATION_MAX_MS
}
