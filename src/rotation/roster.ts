import type { LastUses, Member, Store } from '../kernel/ports/store.ts'
import type { MemberSight, Observation, UseSight } from './observation.ts'

/** Who serves requests, and what those used that do so no more. */
export interface Roster {
  readonly members: readonly Member[]
  readonly goneUses: LastUses
}

export const NOBODY: Roster = { members: [], goneUses: {} }

/** Members first: who leaves in between is then in both, not in neither. */
export async function readRoster(store: Store, credentialId: string): Promise<Roster> {
  const members = await store.members(credentialId)
  return { members, goneUses: await store.goneUses(credentialId) }
}

/**
 * Takes in what the members report, and what is known of those that are gone. A clock that is ahead can't prolong a wait:
 * only changes move the instants.
 */
export function sawRoster(seen: Observation, roster: Roster, nowMs: number): Observation {
  const sights = roster.members.map((member): [string, MemberSight] => {
    const before = seen.members.get(member.instance)
    const usedAtMs = new Map<number, number>()
    for (const [key, reported] of Object.entries(member.lastUse)) {
      const generation = Number(key)
      const usedBefore = before?.usedAtMs.get(generation)
      const unchanged = before?.member.lastUse[generation] === reported
      const used = before === undefined ? Math.min(reported, nowMs) : nowMs
      usedAtMs.set(generation, unchanged && usedBefore !== undefined ? usedBefore : used)
    }
    const fresh = before === undefined ? Math.min(member.atMs, nowMs) : nowMs
    const silent = before?.member.atMs === member.atMs
    const reportedAtMs = silent && before !== undefined ? before.reportedAtMs : fresh
    return [member.instance, { member, reportedAtMs, usedAtMs }]
  })
  return { ...seen, members: new Map(sights), gone: sawGone(seen, roster, nowMs) }
}

/** By this clock where a use was seen while its replica was there, by that replica's where it was not. */
function sawGone(seen: Observation, { members, goneUses }: Roster, nowMs: number) {
  const present = new Set(members.map(({ instance }) => instance))
  const witnessed = [...seen.members]
    .filter(([instance]) => !present.has(instance))
    .flatMap(([, { usedAtMs }]) => [...usedAtMs])
  const gone = new Map<number, UseSight>()
  for (const [key, reported] of Object.entries(goneUses)) {
    const generation = Number(key)
    const before = seen.gone.get(generation)
    const told = before?.reported === reported ? 0 : Math.min(reported, nowMs)
    const seenAtMs = witnessed.map(([used, atMs]) => (used === generation ? atMs : 0))
    gone.set(generation, { reported, atMs: Math.max(told, before?.atMs ?? 0, ...seenAtMs) })
  }
  return gone
}
