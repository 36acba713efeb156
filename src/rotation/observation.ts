import { ABSENCE_PERSIST_MS, PROPAGATION_MAX_MS } from '../kernel/limits.ts'
import type { Member } from '../kernel/ports/store.ts'
import { DRIFT_MS, PROBE_RETRY_FIRST_MS, PROBE_RETRY_MAX_MS, patientMs } from './timing.ts'

/** What the probes of one version have said so far. */
export interface ProbeSight {
  /** The last answer that was one; null while every probe was inconclusive. */
  readonly verdict: 'accepted' | 'refused' | null
  /** How often in a row; inconclusive probes neither count nor break the row. */
  readonly streak: number
  /** When that row began. */
  readonly sinceMs: number
  readonly verdictAtMs: number
  /** Inconclusive probes since the last verdict. */
  readonly inconclusive: number
  /** When the first of them was sent. */
  readonly unsureSinceMs: number
  /** No probe before this instant. */
  readonly retryAtMs: number
}

/** Since when an id has been listed, or absent; each list answer moves it. */
export interface Presence {
  readonly listed: boolean
  readonly sinceMs: number
}

export interface ListSight {
  readonly ids: readonly string[]
  /** When the provider says that each was made; 0 or missing where it does not. */
  readonly createdAtMs: ReadonlyMap<string, number>
  /** When it was asked for: nothing newer is known to be in it. */
  readonly atMs: number
  readonly answeredAtMs: number
}

/**
 * What became of the last create call of this life. `unsent`: prepared just now, nothing was sent.
 */
export interface CreateSight {
  readonly generation: number
  readonly outcome: 'unsent' | 'unknown' | 'slots-full' | 'invalid-value'
  readonly atMs: number
}

/** What one replica was seen to report, on this process's clock: its own clock may be wrong. */
export interface MemberSight {
  readonly member: Member
  /** When a new report was last seen. */
  readonly reportedAtMs: number
  /** Last use of each generation. */
  readonly usedAtMs: ReadonlyMap<number, number>
}

/** The last use of a generation by replicas that are gone. */
export interface UseSight {
  /** By the clock of the replica. */
  readonly reported: number
  /** By this process's clock. */
  readonly atMs: number
}

/** Why management calls are held back for a while. */
export type CallHold =
  'throttled' | 'provider-unavailable' | 'provider-forbidden' | 'management-refused'

/**
 * What this process has seen of the world. It saves calls and times waits; nothing that matters is
 * only here: a restart begins with nothing and sees it all again.
 */
export interface Observation {
  readonly startedAtMs: number
  readonly probes: ReadonlyMap<number, ProbeSight>
  readonly list: ListSight | null
  readonly presence: ReadonlyMap<string, Presence>
  readonly create: CreateSight | null
  /** The id whose revoke was answered with `last-secret`. */
  readonly lastSecretId: string | null
  readonly members: ReadonlyMap<string, MemberSight>
  readonly gone: ReadonlyMap<number, UseSight>
  readonly callFailures: number
  readonly callHold: {
    readonly reason: CallHold
    readonly untilMs: number
    /** When the first call of this row of failures failed. */
    readonly sinceMs: number
  } | null
  /**
   * Something was wrong at this instant (a request was refused): older verdicts are asked again.
   */
  readonly suspectAtMs: number
  /** When the first one of this row of suspicions came. */
  readonly suspectSinceMs: number
}

/** Nobody changes an observation's maps, so those that have seen nothing are one. */
const NOTHING: ReadonlyMap<never, never> = new Map<never, never>()

export function nothingSeen(nowMs: number): Observation {
  return {
    startedAtMs: nowMs,
    probes: NOTHING,
    list: null,
    presence: NOTHING,
    create: null,
    lastSecretId: null,
    members: NOTHING,
    gone: NOTHING,
    callFailures: 0,
    callHold: null,
    suspectAtMs: 0,
    suspectSinceMs: 0,
  }
}

/** What was seen before is doubtful from this instant on. */
export function suspected(seen: Observation, nowMs: number): Observation {
  const goesOn = nowMs - seen.suspectAtMs <= DRIFT_MS
  return { ...seen, suspectAtMs: nowMs, suspectSinceMs: goesOn ? seen.suspectSinceMs : nowMs }
}

/** The same, with the later suspicion of both: one may come while a step is under way. */
export function withSuspicionOf(seen: Observation, other: Observation): Observation {
  if (other.suspectAtMs <= seen.suspectAtMs) return seen
  const { suspectAtMs, suspectSinceMs } = other
  return { ...seen, suspectAtMs, suspectSinceMs }
}

export function sawProbe(
  seen: Observation,
  generation: number,
  outcome: 'accepted' | 'refused' | 'inconclusive',
  retryAfterMs: number | null,
  nowMs: number,
): Observation {
  const before = seen.probes.get(generation)
  const sight: ProbeSight =
    outcome === 'inconclusive'
      ? inconclusive(before, retryAfterMs, nowMs)
      : {
          verdict: outcome,
          streak: before?.verdict === outcome ? before.streak + 1 : 1,
          sinceMs: before?.verdict === outcome ? before.sinceMs : nowMs,
          verdictAtMs: nowMs,
          inconclusive: 0,
          unsureSinceMs: 0,
          retryAtMs: 0,
        }
  return { ...seen, probes: new Map(seen.probes).set(generation, sight) }
}

function inconclusive(
  before: ProbeSight | undefined,
  retryAfterMs: number | null,
  nowMs: number,
): ProbeSight {
  const times = (before?.inconclusive ?? 0) + 1
  const unsureSinceMs = times === 1 ? nowMs : (before?.unsureSinceMs ?? nowMs)
  const backoffMs = Math.min(PROBE_RETRY_FIRST_MS * 2 ** (times - 1), PROBE_RETRY_MAX_MS)
  return {
    verdict: before?.verdict ?? null,
    streak: before?.streak ?? 0,
    sinceMs: before?.sinceMs ?? nowMs,
    verdictAtMs: before?.verdictAtMs ?? 0,
    inconclusive: times,
    unsureSinceMs,
    retryAtMs: nowMs + (retryAfterMs ?? patientMs(backoffMs, nowMs - unsureSinceMs)),
  }
}

/** Begins anew, but for what the provider asked for and what the members reported. */
export function forgetAll(seen: Observation, nowMs: number): Observation {
  const { callHold, callFailures, members, gone } = seen
  const kept = { ...nothingSeen(nowMs), callHold, callFailures, members, gone }
  return withSuspicionOf(kept, seen)
}

/** Asks and lists again at once, whatever was seen before. */
export function anew(
  nowMs: number,
): Pick<Observation, 'list' | 'callHold' | 'suspectAtMs' | 'suspectSinceMs'> {
  return { list: null, callHold: null, suspectAtMs: nowMs, suspectSinceMs: nowMs }
}

/** Forgets the verdicts on these versions, because an effect may have changed them. */
export function forgetProbes(seen: Observation, generations: readonly number[]): Observation {
  const probes = new Map(seen.probes)
  for (const generation of generations) probes.delete(generation)
  return { ...seen, probes }
}

/**
 * @param nowMs when the list was asked for: nothing newer is known to be in it
 * @param answeredAtMs when the answer was there: nothing that it shows is known to be older
 */
export function sawList(
  seen: Observation,
  ids: readonly string[],
  knownIds: readonly string[],
  nowMs: number,
  createdAtMs: ReadonlyMap<string, number> = seen.list?.createdAtMs ?? new Map(),
  answeredAtMs = nowMs,
): Observation {
  const presence = new Map<string, Presence>()
  for (const id of new Set([...ids, ...knownIds, ...seen.presence.keys()])) {
    const listed = ids.includes(id)
    const before = seen.presence.get(id)
    if (!listed && !knownIds.includes(id) && isLongGone(before, answeredAtMs)) continue
    presence.set(id, before?.listed === listed ? before : { listed, sinceMs: answeredAtMs })
  }
  return {
    ...seen,
    list: { ids, atMs: nowMs, answeredAtMs, createdAtMs },
    presence,
    // With a second secret in the list the refusal to revoke the last one is out of date.
    lastSecretId: ids.length > 1 ? null : seen.lastSecretId,
    callFailures: 0,
    callHold: null,
  }
}

/** Nothing of it is accepted any more, and nobody asks about it. */
function isLongGone(presence: Presence | undefined, nowMs: number): boolean {
  return presence?.listed === false && nowMs - presence.sinceMs > PROPAGATION_MAX_MS
}

/** Presence must persist as well: a stale list still shows what is gone. */
export function hasSettled(seen: Observation, ids: readonly string[]): boolean {
  return ids.every((id) => {
    const presence = seen.presence.get(id)
    const atMs = seen.list?.atMs ?? 0
    return presence?.listed === true && atMs - presence.sinceMs > ABSENCE_PERSIST_MS
  })
}
