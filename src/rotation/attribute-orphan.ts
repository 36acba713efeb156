import type { PendingVersion } from '../kernel/credential.ts'
import { ABSENCE_PERSIST_MS } from '../kernel/limits.ts'
import type { ProviderTraits } from '../kernel/ports/provider.ts'
import { type Observation, hasSettled } from './observation.ts'
import type { Belief, CreateFate } from './reconcile.ts'
import { CLOCK_SKEW_MAX_MS, ORPHAN_WINDOW_MS } from './timing.ts'

/**
 * What became of a create whose answer, and so whose value, is lost: a secret that nobody can use,
 * and that fills a slot. No probe tells whose it is. It is ours only when it is the one new id since
 * the intent was saved, when the outcome of a call that was sent is not known, and when it was made
 * about then. Anything else is an operator's to judge. What remains is a secret that somebody else
 * makes within two minutes of a call of ours that never arrived.
 */
export function attributeOrphan(
  pending: PendingVersion,
  belief: Belief,
  seen: Observation,
  traits: ProviderTraits,
): CreateFate {
  if (belief.late !== null) return { kind: 'late', late: belief.late }
  const sent = seen.create?.generation === pending.generation ? seen.create : null
  const isRefused = sent !== null && sent.outcome !== 'unknown'
  const listedAtMs = seen.list?.atMs ?? seen.startedAtMs
  const [only, ...others] = belief.newIds
  if (only !== undefined) {
    if (!hasSettled(seen, belief.newIds)) return { kind: 'unsettled' }
    if (isRefused && pending.attempts === 1) return { kind: 'foreign' }
    const isOurs = others.length === 0 && wasMadeByCall(only, pending, seen)
    return isOurs ? { kind: 'ours', secretId: only } : { kind: 'ambiguous' }
  }
  if (listedAtMs - (sent?.atMs ?? seen.startedAtMs) <= ABSENCE_PERSIST_MS) {
    return { kind: 'unsettled' }
  }
  if (sent?.outcome === 'invalid-value') return { kind: 'rejected' }
  const isFull = (belief.listed?.length ?? 0) >= traits.secretsMax
  return { kind: isFull ? 'foreign' : 'absent' }
}

/** By the provider's clock where it tells the time, else by when the id was first seen. */
function wasMadeByCall(secretId: string, pending: PendingVersion, seen: Observation): boolean {
  const toldMs = seen.list?.createdAtMs.get(secretId) ?? 0
  const madeAtMs = toldMs > 0 ? toldMs : (seen.presence.get(secretId)?.sinceMs ?? Infinity)
  const fromMs = pending.createdAtMs - CLOCK_SKEW_MAX_MS
  return fromMs <= madeAtMs && madeAtMs <= pending.createdAtMs + pending.attempts * ORPHAN_WINDOW_MS
}
