import { managementCalls } from './invariants-budget.ts'
import { failures } from './invariants-traffic.ts'
import type { History, HistoryEvent } from './history.ts'
import type { Violation } from './check-history.ts'
import { type Plan, restingPhase } from './plan.ts'
import type { SimCredential } from './world/sim-credential.ts'
import type { World } from './world/world.ts'

/** A plan that runs longer than this is one at the pace of production, in milliseconds. */
const FAULTS_MAX_MS = 3_600_000

/** What one run, or many together, did. */
export interface Figures {
  readonly seeds: number
  readonly rotations: number
  readonly kills: number
  readonly requests: number
  /** Requests that no version helped although a verified secret was live. */
  readonly failed: number
  /** Requests that failed because somebody else ended every secret that the replica, or anybody, held. */
  readonly failedByForeign: number
  readonly fallbacks: number
  /** Calls of the upstream beyond the first one, of the request that made the most. */
  readonly extraCallsMax: number
  /** Secrets of ours that were live and in no record. */
  readonly lost: number
  readonly liveMax: number
  readonly liveMin: number
  /** From the last fault to rest, in milliseconds; of the runs that came to rest, and in which nobody else meddled. */
  readonly convergeMaxMs: number
  readonly endedBlocked: number
  /** Staged promotions that began, and those that were given up. */
  readonly rollouts: number
  readonly rolloutsGivenUp: number
  /** Runs in which a primary manages secondaries that rotate too, and all rotations in them. */
  readonly families: number
  readonly familyRotations: number
  /** Management calls for secondaries that were refused as unauthorized, so that another secret had to be tried. */
  readonly managementRefused: number
  /** Calls to the secret-management API while the credential was not at rest: how many rotations needed how many. */
  readonly managementCalls: Readonly<Record<number, number>>
  readonly probes: number
  readonly crashPoints: readonly string[]
  readonly events: number
}

export const NO_FIGURES: Figures = {
  seeds: 0,
  rotations: 0,
  kills: 0,
  requests: 0,
  failed: 0,
  failedByForeign: 0,
  fallbacks: 0,
  extraCallsMax: 0,
  lost: 0,
  liveMax: 0,
  liveMin: Infinity,
  convergeMaxMs: 0,
  endedBlocked: 0,
  rollouts: 0,
  rolloutsGivenUp: 0,
  families: 0,
  familyRotations: 0,
  managementRefused: 0,
  managementCalls: {},
  probes: 0,
  crashPoints: [],
  events: 0,
}

/** The figures of one run: of all its accounts together. */
export function figuresOf(world: World, plan: Plan, violations: readonly Violation[]): Figures {
  const [, ...secondaries] = world.credentials
  const accounts = world.credentials.map((one) => figuresOfAccount(one, plan))
  return {
    ...accounts.reduce(addFigures, NO_FIGURES),
    seeds: 1,
    kills: world.kills,
    lost: violations.filter(({ invariant }) => invariant === 'I1 no lost secret').length,
    families: secondaries.length === 0 ? 0 : 1,
    familyRotations: secondaries.length === 0 ? 0 : sum(accounts.map((one) => one.rotations)),
    managementRefused: sum(secondaries.map(({ history }) => refusedCalls(history))),
    crashPoints: [...world.crashPoints.keys()],
    events: world.time.events,
  }
}

function figuresOfAccount({ history, store, plan: account }: SimCredential, plan: Plan): Figures {
  const requests = history.events.filter((event) => event.kind === 'request')
  const failed = failures(history.events)
  const live = liveRange(history)
  const perRotation = managementCalls(history.events, restingPhase(account))
  const foreign = plan.faults.some(({ kind }) => kind.startsWith('foreign'))
  return {
    ...NO_FIGURES,
    rotations: perRotation.length,
    requests: history.requestsAccepted + requests.length,
    failed: failed.filter(({ cause }) => cause === 'ours').length,
    failedByForeign: failed.filter(({ cause }) => cause === 'foreign').length,
    fallbacks: requests.filter(({ attempts }) => attempts.length > 1).length,
    extraCallsMax: Math.max(0, ...requests.map(({ attempts }) => attempts.length - 1)),
    liveMax: live.max,
    liveMin: live.min,
    // Without faults there is nothing to recover from, only a drain to sit out.
    convergeMaxMs:
      foreign || plan.faultsEndMs > FAULTS_MAX_MS ? 0 : (convergeMs(history.events) ?? 0),
    endedBlocked: store.stored?.record.blocked ? 1 : 0,
    ...rollouts(history.events),
    managementCalls: countEach(perRotation),
    probes: history.events.filter((e) => e.kind === 'call' && e.operation === 'verify').length,
  }
}

/** Management calls that the provider refused to authenticate. */
function refusedCalls({ events }: History): number {
  return events.filter((event) => event.kind === 'answer' && event.answer === 'unauthorized').length
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** The figures of several runs together. */
export function addFigures(a: Figures, b: Figures): Figures {
  return {
    seeds: a.seeds + b.seeds,
    rotations: a.rotations + b.rotations,
    kills: a.kills + b.kills,
    requests: a.requests + b.requests,
    failed: a.failed + b.failed,
    failedByForeign: a.failedByForeign + b.failedByForeign,
    fallbacks: a.fallbacks + b.fallbacks,
    extraCallsMax: Math.max(a.extraCallsMax, b.extraCallsMax),
    lost: a.lost + b.lost,
    liveMax: Math.max(a.liveMax, b.liveMax),
    liveMin: Math.min(a.liveMin, b.liveMin),
    convergeMaxMs: Math.max(a.convergeMaxMs, b.convergeMaxMs),
    endedBlocked: a.endedBlocked + b.endedBlocked,
    rollouts: a.rollouts + b.rollouts,
    rolloutsGivenUp: a.rolloutsGivenUp + b.rolloutsGivenUp,
    families: a.families + b.families,
    familyRotations: a.familyRotations + b.familyRotations,
    managementRefused: a.managementRefused + b.managementRefused,
    managementCalls: addCounts(a.managementCalls, b.managementCalls),
    probes: a.probes + b.probes,
    crashPoints: [...new Set([...a.crashPoints, ...b.crashPoints])].toSorted(),
    events: a.events + b.events,
  }
}

/** The middle of counted numbers, and the largest. */
export function spread(counts: Readonly<Record<number, number>>): { median: number; max: number } {
  const numbers = Object.keys(counts).map(Number)
  const all = numbers.reduce((sum, number) => sum + (counts[number] ?? 0), 0)
  let passed = 0
  for (const number of numbers) {
    passed += counts[number] ?? 0
    if (2 * passed >= all) return { median: number, max: Math.max(...numbers) }
  }
  return { median: 0, max: 0 }
}

function countEach(numbers: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const number of numbers) counts[number] = (counts[number] ?? 0) + 1
  return counts
}

function addCounts(
  a: Readonly<Record<number, number>>,
  b: Readonly<Record<number, number>>,
): Record<number, number> {
  const sum: Record<number, number> = { ...a }
  for (const [number, count] of Object.entries(b)) {
    sum[Number(number)] = (sum[Number(number)] ?? 0) + count
  }
  return sum
}

function liveRange(history: History): { max: number; min: number } {
  let live = 0
  const range = { max: 0, min: Infinity }
  for (const event of history.events) {
    if (event.kind === 'created') live++
    else if (event.kind === 'revoked') live--
    else continue
    range.max = Math.max(range.max, live)
    range.min = Math.min(range.min, live)
  }
  return range
}

function rollouts(events: readonly HistoryEvent[]): Pick<Figures, 'rollouts' | 'rolloutsGivenUp'> {
  const found = { rollouts: 0, rolloutsGivenUp: 0 }
  let before = false
  for (const event of events) {
    if (event.kind !== 'record') continue
    const { rollsOut = false, phase } = event.record
    if (rollsOut && !before) found.rollouts++
    if (!rollsOut && before && phase === 'aborting') found.rolloutsGivenUp++
    before = rollsOut
  }
  return found
}

function convergeMs(events: readonly HistoryEvent[]): number | null {
  const ended = events.find((event) => event.kind === 'faults-ended')
  const converged = events.find((event) => event.kind === 'converged')
  return ended && converged ? converged.atMs - ended.atMs : null
}
