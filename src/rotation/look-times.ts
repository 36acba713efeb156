import { type CredentialRecord, type Tombstone, hasValue } from '../kernel/credential.ts'
import { ABSENCE_PERSIST_MS, PROPAGATION_MAX_MS, VERIFY_SUCCESSES } from '../kernel/limits.ts'
import { isUnbound, outlivedAtMs } from './attribute-slots.ts'
import { ABORTED, UNPROVEN, outlivedRevokeAtMs } from './facts.ts'
import type { Observation, ProbeSight } from './observation.ts'
import { acceptedSinceShown, probeableTombstones } from './reconcile.ts'
import {
  DRIFT_MS,
  EARLY_LIST_MIN_MS,
  EARLY_PROBE_MAX_MS,
  LIST_POLL_FIRST_MS,
  PROBE_POLL_MAX_MS,
  PROBE_SPACING_MS,
  REFUSED_LIST_MS,
  REFUSALS_MAX,
  REVOKED_PROBE_MAX_MS,
  UNKNOWN_LIST_MAX_MS,
  patientMs,
} from './timing.ts'
import type { View } from './view.ts'

/** The versions whose health matters in this phase. */
export function watchedGenerations(v: View): readonly number[] {
  const { current, pending, previous } = v.record
  const versions = [current.generation]
  if (pending !== null && !isUnsent(v)) versions.push(pending.generation)
  if (previous !== null) versions.push(previous.generation)
  const { phase } = v.record
  const unbound = phase === 'aborting' && pending?.secretId === null
  const attributing = phase === 'idle' || phase === 'prepared' || unbound
  if (attributing && v.belief.newIds.length > 0 && v.belief.pending !== 'alive') {
    versions.push(...probeableTombstones(v.record).map((one) => one.generation))
  }
  return versions.filter((generation) => isProbeable(v.record, generation))
}

function isUnsent({ record, seen }: View): boolean {
  return seen.create?.outcome === 'unsent' && seen.create.generation === record.pending?.generation
}

/** What nobody knows the value of, nobody can be asked about. */
function isProbeable(record: CredentialRecord, generation: number): boolean {
  const versions = [record.current, record.pending, record.previous, ...record.tombstones]
  return versions.some((one) => one?.generation === generation && hasValue(one))
}

/** Like `probeDueAtMs`, but in a hurry where the phase waits for a verdict. */
export function probeAtMs(v: View, generation: number): number {
  const { record, seen } = v
  const dueAtMs = probeDueAtMs(seen, generation)
  const sight = seen.probes.get(generation)
  const { current, pending, previous } = record
  if (sight === undefined || sight.inconclusive > 0) return dueAtMs
  if (sight.verdict !== 'accepted') {
    // Each time that it is sent it is asked about anew: that is no reason to ask as if it were the first time.
    const awaited = isAwaited(v) && sight.streak >= REFUSALS_MAX
    if (!awaited || generation !== pending?.generation) return dueAtMs
    return Math.max(dueAtMs, sight.verdictAtMs + awaitedMs(v, sight.verdictAtMs))
  }
  // What was given up and found to be the only one that works serves again: it is no tombstone then.
  const serves = [current, pending, previous].some((one) => one?.generation === generation)
  const abandoned = record.tombstones.find((one) => one.generation === generation)
  if (abandoned !== undefined && !serves) {
    // A verdict from before an id was listed does not tell whose it is.
    if (sight.verdictAtMs < (v.belief.unsettledSinceMs ?? 0)) return 0
    // Nor does one from before its end, which another clock may have put ahead of ours.
    if (sight.verdictAtMs < abandoned.atMs) return abandoned.atMs
    return Math.min(dueAtMs, tellingAtMs(abandoned, sight.verdictAtMs))
  }
  const proving = record.phase === 'created' && generation === record.pending?.generation
  if (proving && sight.streak < VERIFY_SUCCESSES) return sight.verdictAtMs + PROBE_SPACING_MS
  // It works, and what may have been its id has vanished: it tells most when it should have died.
  if (generation === current.generation && isUnbound(record, v.belief)) {
    const tellsAtMs = outlivedAtMs(record, seen, v.traits)
    if (sight.verdictAtMs < tellsAtMs) return Math.min(dueAtMs, tellsAtMs)
  }
  // It works, and its id is gone: either the id was wrong, or it is dying.
  const missing = current.secretId === null ? undefined : seen.presence.get(current.secretId)
  if (missing?.listed === false && generation === current.generation) {
    return sight.verdictAtMs + patientMs(PROBE_POLL_MAX_MS, sight.verdictAtMs - missing.sinceMs)
  }
  const [shown] = v.belief.newIds
  const isAttributing = pending?.secretId === null && generation === pending.generation
  if (isAttributing && shown !== undefined && !acceptedSinceShown(generation, shown, seen)) return 0
  // It worked, and no list shows it: it may have been revoked since.
  if (record.phase === 'prepared' && generation === pending?.generation) {
    return sight.verdictAtMs + Math.max(PROBE_POLL_MAX_MS, awaitedMs(v, sight.verdictAtMs))
  }
  const victim = record.phase === 'aborting' ? record.pending : record.previous
  if (generation !== victim?.generation || record.absentSinceMs === null) return dueAtMs
  // Not longer than this process has seen it: the record may be of a process with another clock.
  const waitedMs = sight.verdictAtMs - Math.max(record.absentSinceMs, sight.sinceMs)
  const pauseMs = Math.min(Math.max(waitedMs / 3, PROBE_SPACING_MS), REVOKED_PROBE_MAX_MS)
  const nextAtMs = sight.verdictAtMs + patientMs(pauseMs, waitedMs)
  const tellsAtMs = outlivedRevokeAtMs(Math.max(record.absentSinceMs, seen.startedAtMs), v.traits)
  return sight.verdictAtMs < tellsAtMs ? Math.min(nextAtMs, tellsAtMs) : nextAtMs
}

/** Nobody knows what became of its create, and nothing new is listed. */
function isAwaited({ record, belief }: View): boolean {
  return record.pending?.secretId === null && belief.newIds.length === 0
}

/** How patient one is with a candidate whose create has been unknown for so long. */
function awaitedMs({ record }: View, atMs: number): number {
  return patientMs(0, atMs - (record.pending?.createdAtMs ?? atMs))
}

/** From when on an accepted value, given up after its revoke, is no longer merely slow to die. */
function tellingAtMs({ reason, atMs }: Tombstone, verdictAtMs: number): number {
  const tellingMs = atMs + PROPAGATION_MAX_MS + 1
  const slow = reason === UNPROVEN || reason === ABORTED
  return slow && verdictAtMs < tellingMs ? tellingMs : Number.POSITIVE_INFINITY
}

/** When the list is read next in this phase; never where it has nothing to say. */
export function listAtMs(v: View): number {
  const sinceMs = listWantedSinceMs(v)
  if (sinceMs === 'never') return Number.POSITIVE_INFINITY
  const { phase, blocked } = v.record
  const unsure = phase === 'prepared' || phase === 'aborting'
  const { list, callHold } = v.seen
  const urgent = unsure && blocked === null && list !== null
  const latestMs = urgent ? list.atMs + UNKNOWN_LIST_MAX_MS : Infinity
  const earliestMs = list !== null && isAwaited(v) ? list.atMs + awaitedMs(v, list.atMs) : 0
  const dueAtMs = Math.max(Math.min(listDueAtMs(v.seen, sinceMs), latestMs), currentListAtMs(v))
  return Math.max(dueAtMs, earliestMs, outlivesAtMs(v), callHold?.untilMs ?? 0)
}

/**
 * Right after a revoke, or after a create that found no free slot, a list may still show the account of before, and would
 * have to be read again. Where rotations follow each other within seconds, waiting would hold them up.
 */
function currentListAtMs({ record, seen, policy }: View): number {
  const { absentSinceMs, phase, tombstones } = record
  if (seen.list !== null || record.emergency !== null) return 0
  const buriedAtMs = phase === 'idle' ? tombstones.at(-1)?.atMs : undefined
  const fullAtMs = seen.create?.outcome === 'slots-full' ? seen.create.atMs : undefined
  const changedAtMs = absentSinceMs ?? buriedAtMs ?? fullAtMs
  if (changedAtMs === undefined) return 0
  return changedAtMs + Math.min(LIST_POLL_FIRST_MS, policy.everyMs / 20)
}

function listWantedSinceMs(v: View): number | null | 'never' {
  const { record, seen, belief } = v
  if (v.traits.model === 'promote') return 'never'
  const createdAtMs = seen.create?.atMs ?? record.phaseSinceMs
  switch (record.phase) {
    case 'idle':
    case 'staged':
      return belief.unsettledSinceMs
    case 'promoted':
      return listWantedInDrain(v)
    case 'prepared':
      return isUnsent(v) ? 'never' : createdAtMs
    case 'created':
      return listWantedWhileRefused(v)
    case 'retiring': {
      const doubtfulSinceMs = seen.lastSecretId === null ? 'never' : seen.startedAtMs
      return record.absentSinceMs ?? belief.unsettledSinceMs ?? doubtfulSinceMs
    }
    case 'aborting':
      if (record.pending?.secretId === null) return isUnsent(v) ? 'never' : createdAtMs
      return record.absentSinceMs ?? (seen.lastSecretId === null ? 'never' : seen.startedAtMs)
    case 'verified':
      return 'never'
  }
}

/**
 * A drain may last days, and its list says nothing new: it is read only when something seems wrong.
 */
function listWantedInDrain({ record, seen, belief }: View): number | null | 'never' {
  if (record.previous?.secretId === null) return seen.startedAtMs
  const doubtful = belief.previous === 'dead' || belief.unsettledSinceMs !== null
  const suspected = seen.suspectAtMs > (seen.list?.atMs ?? seen.startedAtMs)
  return doubtful || suspected ? belief.unsettledSinceMs : 'never'
}

/** A new secret that stays refused may take its time, or be gone: after a while the list tells. */
function listWantedWhileRefused({ record, seen, nowMs }: View): number | 'never' {
  const refused = seen.probes.get(record.pending?.generation ?? 0)?.verdict === 'refused'
  const sinceMs = record.pending?.firstSeenAtMs ?? nowMs
  return refused && nowMs - sinceMs > REFUSED_LIST_MS ? sinceMs : 'never'
}

/**
 * A revoked candidate is refused soon, as a rule; where it is not, the list shows under which id it lives on. It is read
 * early enough to have settled when that counts.
 */
function outlivesAtMs({ record: { phase, pending, absentSinceMs }, traits }: View): number {
  if (phase !== 'aborting' || pending?.secretId === null || absentSinceMs === null) return 0
  return absentSinceMs + traits.propagationMaxMs / 2 - ABSENCE_PERSIST_MS - LIST_POLL_FIRST_MS
}

/**
 * When a version should be probed next: at once while nothing is known, rarely once its verdict is
 * settled.
 */
function probeDueAtMs(seen: Observation, generation: number): number {
  const sight = seen.probes.get(generation)
  if (sight === undefined) return 0
  if (sight.inconclusive > 0) return sight.retryAtMs
  const dueAtMs = sight.verdictAtMs + pauseAfterVerdictMs(sight)
  if (sight.verdictAtMs >= seen.suspectAtMs) return dueAtMs
  const suspectedForMs = seen.suspectAtMs - seen.suspectSinceMs
  const pauseMs = Math.min(patientMs(0, suspectedForMs), EARLY_PROBE_MAX_MS)
  return Math.min(dueAtMs, sight.verdictAtMs + pauseMs)
}

function pauseAfterVerdictMs({ verdict, streak, verdictAtMs, sinceMs }: ProbeSight): number {
  if (verdict === 'accepted') return DRIFT_MS
  if (streak < REFUSALS_MAX) return PROBE_SPACING_MS
  const pauseMs = Math.min(1_000 * (streak - 2), PROBE_POLL_MAX_MS)
  return patientMs(pauseMs, verdictAtMs - sinceMs)
}

/**
 * When the list should be read next: 3 s after the last one and then ever longer for something that
 * has waited since `sinceMs`; rarely when nothing does (null).
 */
function listDueAtMs(seen: Observation, sinceMs: number | null): number {
  if (seen.list === null) return 0
  const waitedMs = seen.list.atMs - Math.max(sinceMs ?? 0, seen.startedAtMs)
  const pauseMs =
    sinceMs === null ? DRIFT_MS : Math.min(Math.max(waitedMs, LIST_POLL_FIRST_MS), DRIFT_MS)
  const dueMs = seen.list.atMs + pauseMs
  if (seen.suspectAtMs <= seen.list.atMs) return dueMs
  const earlyMs = patientMs(EARLY_LIST_MIN_MS, seen.suspectAtMs - seen.suspectSinceMs)
  return Math.min(dueMs, seen.list.atMs + earlyMs)
}
