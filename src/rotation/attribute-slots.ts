import type { CredentialRecord } from '../kernel/credential.ts'
import { PROPAGATION_MAX_MS } from '../kernel/limits.ts'
import type { ProviderTraits } from '../kernel/ports/provider.ts'
import { type Observation, hasSettled } from './observation.ts'
import type { Belief, LateCreate } from './reconcile.ts'

/** What the list says about the account's slots while no candidate is under way. */
export type Slots =
  | { readonly kind: 'clear' }
  | { readonly kind: 'bind-current'; readonly secretId: string }
  | { readonly kind: 'late'; readonly late: LateCreate }
  | { readonly kind: 'foreign' }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'unsettled' }

/**
 * Attributes the listed ids. An id is ours by elimination only when it is the single one while
 * current works.
 */
export function attributeSlots(
  record: CredentialRecord,
  belief: Belief,
  seen: Observation,
  traits: ProviderTraits,
): Slots {
  const { listed, unknownIds } = belief
  if (listed === null) return { kind: 'unsettled' }
  if (belief.late !== null) return { kind: 'late', late: belief.late }
  if (isUnbound(record, belief)) {
    const [only, ...others] = unknownIds
    if (belief.current !== 'alive' || only === undefined) return { kind: 'unsettled' }
    if (others.length > 0) return { kind: hasSettled(seen, unknownIds) ? 'ambiguous' : 'unsettled' }
    return outlivesLosses(record, seen, traits)
      ? { kind: 'bind-current', secretId: only }
      : { kind: 'unsettled' }
  }
  if (belief.unsettledSinceMs === null) return { kind: 'clear' }
  if (listed.length < traits.secretsMax && unknownIds.length > 0) return { kind: 'clear' }
  if (unknownIds.length > 0 && hasSettled(seen, unknownIds)) return { kind: 'foreign' }
  return { kind: 'unsettled' }
}

/** Whether the id of current's value is not known, or is not the one recorded. */
export function isUnbound({ current }: CredentialRecord, { currentMisnamed }: Belief): boolean {
  return current.secretId === null || currentMisnamed
}

/** Whether a version, usually current, is still accepted when all that was listed beside the one id must have died. */
export function outlivesLosses(
  record: CredentialRecord,
  seen: Observation,
  traits: ProviderTraits,
  { generation }: { readonly generation: number } = record.current,
): boolean {
  const sight = seen.probes.get(generation)
  return sight?.verdict === 'accepted' && sight.verdictAtMs >= outlivedAtMs(record, seen, traits)
}

/**
 * From when on an accepted version has the one id that is listed; 0 where nothing else was. An id that has vanished may
 * have been its own, whose value lives on for a while: the one that is left is somebody else's then. That there were
 * more, a block still tells behind a restart. What was revoked before the first look, nobody can tell.
 */
export function outlivedAtMs(
  { blocked, tombstones }: CredentialRecord,
  seen: Observation,
  { propagationMaxMs }: ProviderTraits,
): number {
  const buried = new Set(tombstones.map(({ secretId }) => secretId))
  const lost = [...seen.presence].filter(([id, { listed }]) => !listed && !buried.has(id))
  const lostAtMs = lost.map(([, { sinceMs }]) => sinceMs)
  if (lost.length === 0 && blocked?.reason === 'attribution-ambiguous') {
    lostAtMs.push(seen.startedAtMs)
  }
  const livesOnMs = Math.max(PROPAGATION_MAX_MS, propagationMaxMs)
  return lostAtMs.length === 0 ? 0 : Math.max(...lostAtMs) + livesOnMs + 1
}
