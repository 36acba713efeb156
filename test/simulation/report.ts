import type { MutantVerdict } from './campaign.ts'
import { spread } from './figures.ts'
import type { Figures } from './figures.ts'
import type { HistoryEvent } from './history.ts'
import type { Run } from './run-plan.ts'
import { describeFault } from './world/faults.ts'

/** Events that are printed of a failing run: those before its first violation. */
const EVENTS_MAX = 60

/** The figures, one per line, as they are printed and written to the docs. */
export function describeFigures(figures: Figures): readonly string[] {
  const calls = spread(figures.managementCalls)
  return [
    `seeds                        ${count(figures.seeds)}`,
    `rotations                    ${count(figures.rotations)}`,
    `processes killed             ${count(figures.kills)}`,
    `requests of the app          ${count(figures.requests)}`,
    `requests failed              ${count(figures.failed)}`,
    `  ended by somebody else     ${count(figures.failedByForeign)}`,
    `requests healed by fallback  ${count(figures.fallbacks)}`,
    `extra calls per fallback     ${count(figures.extraCallsMax)} at most`,
    `secrets lost                 ${count(figures.lost)}`,
    `live secrets                 ${figures.liveMin} to ${figures.liveMax}`,
    `time to converge, max        ${(figures.convergeMaxMs / 1000).toFixed(1)} s`,
    `runs that ended blocked      ${count(figures.endedBlocked)}`,
    `staged promotions            ${count(figures.rollouts)}, given up ${count(figures.rolloutsGivenUp)}`,
    `families                     ${count(figures.families)}, rotations in them ${count(figures.familyRotations)}`,
    `  calls refused              ${count(figures.managementRefused)}`,
    `management calls / rotation  median ${calls.median}, max ${calls.max}`,
    `probes / rotation            ${(figures.probes / Math.max(1, figures.rotations)).toFixed(1)}`,
    `crash points passed          ${figures.crashPoints.length}`,
  ]
}

/** A failing run for people: what broke, the schedule, and the history up to there. */
export function describeRun(run: Run): readonly string[] {
  const first = run.violations[0]
  const { faults, ...habits } = run.plan
  const families = run.histories.size > 1
  const events = [...run.histories].flatMap(([credentialId, { events: own }]) =>
    own.map((event) => ({ event, whose: families ? ` ${credentialId}` : '' })),
  )
  // Late uses would fill the page: where one matters, the violation names it.
  const until = events
    .filter(({ event }) => event.kind !== 'late-use' && event.atMs <= (first?.atMs ?? Infinity))
    .toSorted((a, b) => a.event.atMs - b.event.atMs)
  return [
    `seed ${run.plan.seed} breaks ${first?.invariant} at ${seconds(first?.atMs ?? 0)}: ${first?.detail}`,
    `world: ${JSON.stringify(habits)}`,
    `schedule (${faults.length}):`,
    ...faults.map((fault) => `  ${describeFault(fault)}`),
    `history (last ${Math.min(EVENTS_MAX, until.length)} of ${until.length} events):`,
    ...until.slice(-EVENTS_MAX).map(({ event, whose }) => ` ${whose} ${describeEvent(event)}`),
  ]
}

/** One line per event; secrets of the simulation are no secrets. */
export function describeEvent(event: HistoryEvent): string {
  const { kind, atMs, ...rest } = event
  if (event.kind === 'record') {
    const { record } = event
    const slot = (name: 'current' | 'pending' | 'previous'): string => {
      const version = record[name]
      return version === null
        ? ''
        : ` ${name}=g${version.generation}:${version.value.slice(0, 5)}:${version.secretId}`
    }
    const blocked = record.blocked === null ? '' : ` BLOCKED ${record.blocked}`
    const graves = record.tombstones.length === 0 ? '' : ` tombstones=${record.tombstones.length}`
    return `${seconds(atMs)} ${event.instance} record v${event.version} ${record.phase}${blocked}${slot('current')}${slot('pending')}${slot('previous')}${graves}`
  }
  return `${seconds(atMs)} ${kind} ${JSON.stringify(rest)}`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)}s`.padStart(9)
}

function count(number: number): string {
  return number.toLocaleString('en-US')
}

/** The mutants, and what saw them. */
export function describeMutants(mutants: readonly MutantVerdict[]): readonly string[] {
  const killed = mutants.filter(({ killedBy }) => killedBy !== null).length
  const expected = mutants.filter(({ maskedBy }) => maskedBy === null).length
  return [
    `mutants killed ${killed} of ${expected}`,
    ...mutants.map(({ name, killedBy, maskedBy }) => {
      if (killedBy !== null) return `  ${name}: ${killedBy.name}, ${killedBy.invariant}`
      return `  ${name}: ${maskedBy === null ? 'SURVIVED' : `masked, see ${maskedBy}`}`
    }),
  ]
}
