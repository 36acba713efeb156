import type { CredentialRecord } from '../kernel/credential.ts'
import type { StagedPromotion } from '../kernel/policy.ts'
import type { RolloutStatus } from '../kernel/ports/rotation-control.ts'
import type { Member } from '../kernel/ports/store.ts'
import { REFUSALS_MAX } from './timing.ts'
import type { View } from './view.ts'

/** How far the staged promotion of a record is, by what its replicas report; null while there is none. */
export function rolloutStatus(
  { phase, pending }: CredentialRecord,
  members: readonly Member[],
): RolloutStatus | null {
  if (phase !== 'staged' || pending?.rollout === undefined) return null
  const reports = members
    .map(({ rollout }) => rollout)
    .filter((report) => report?.generation === pending.generation)
  const sum = (of: 'requests' | 'refusals') =>
    reports.reduce((all, report) => all + (report?.[of] ?? 0), 0)
  return {
    ...pending.rollout,
    watchedMs: Math.max(0, ...reports.map((report) => report?.forMs ?? 0)),
    requests: sum('requests'),
    refusals: sum('refusals'),
  }
}

/**
 * Whether the version that is rolled out was refused too often. One endpoint's stale cache does not decide while there
 * is time left; at the end every refusal counts.
 */
export function isRefusedTooOften(v: View): boolean {
  const { stagedPromotion } = v.policy
  const status = rolloutStatus(v.record, membersOf(v))
  if (stagedPromotion === undefined || status === null || status.refusals === 0) return false
  if (status.refusals <= stagedPromotion.refusalsMaxRatio * status.requests) return false
  return status.refusals >= REFUSALS_MAX || rolloutLeftMs(v, stagedPromotion) <= 0
}

/**
 * How long the rollout still lasts: until one replica has watched all of it, so that a restart does not end it early.
 * Where no replica is registered, nobody sends requests, and as far as this process knows nobody has since it started.
 */
export function rolloutLeftMs(v: View, { forMs }: StagedPromotion): number {
  const members = membersOf(v)
  const status = rolloutStatus(v.record, members)
  if (status === null) return 0
  const unwatchedMs = v.nowMs - Math.max(status.sinceMs, v.seen.startedAtMs)
  return forMs - (members.length === 0 ? unwatchedMs : status.watchedMs)
}

function membersOf({ seen }: View): readonly Member[] {
  return [...seen.members.values()].map(({ member }) => member)
}
