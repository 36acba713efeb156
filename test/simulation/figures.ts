import { failures } from './invariants-traffic.ts'
import type { History, HistoryEvent } from './history.ts'
import type { World } from './world/world.ts'

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
  /** Secrets of ours that were live and in no record. */
  readonly lost: number
  readonly liveMax: number
  readonly liveMin: number
  /** From the last fault to rest, in milliseconds; of the runs that came to rest. */
  readonly convergeMaxMs: number
  readonly endedBlocked: number
  /** Calls to the secret-management API between two promotions, one entry per rotation. */
  readonly managementCalls: readonly number[]
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
  lost: 0,
  liveMax: 0,
  liveMin: Infinity,
  convergeMaxMs: 0,
  endedBlocked: 0,
  managementCalls: [],
  probes: 0,
  crashPoints: [],
  events: 0,
}

/** The figures of one run. */
export function figuresOf(world: World): Figures {
  const { history } = world
  const requests = history.events.filter((event) => event.kind === 'request')
  const failed = failures(history.events)
  const live = liveRange(history)
  const perRotation = managementCalls(history.events)
  return {
    seeds: 1,
    rotations: perRotation.length,
    kills: world.kills,
    requests: history.requestsAccepted + requests.length,
    failed: failed.filter(({ cause }) => cause === 'ours').length,
    failedByForeign: failed.filter(({ cause }) => cause === 'foreign').length,
    fallbacks: requests.filter(({ attempts }) => attempts.length > 1).length,
    lost: 0,
    liveMax: live.max,
    liveMin: live.min,
    convergeMaxMs: convergeMs(history.events) ?? 0,
    endedBlocked: world.store.stored?.record.blocked ? 1 : 0,
    managementCalls: perRotation,
    probes: history.events.filter((e) => e.kind === 'call' && e.operation === 'verify').length,
    crashPoints: [...world.crashPoints.keys()],
    events: world.time.events,
  }
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
    lost: a.lost + b.lost,
    liveMax: Math.max(a.liveMax, b.liveMax),
    liveMin: Math.min(a.liveMin, b.liveMin),
    convergeMaxMs: Math.max(a.convergeMaxMs, b.convergeMaxMs),
    endedBlocked: a.endedBlocked + b.endedBlocked,
    managementCalls: [...a.managementCalls, ...b.managementCalls],
    probes: a.probes + b.probes,
    crashPoints: [...new Set([...a.crashPoints, ...b.crashPoints])].toSorted(),
    events: a.events + b.events,
  }
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
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

/** A rotation ends with the promotion of its version; what the provider was asked for before it belongs to it. */
function managementCalls(events: readonly HistoryEvent[]): readonly number[] {
  const perRotation: number[] = []
  let calls = 0
  let generation: number | null = null
  for (const event of events) {
    if (event.kind === 'call' && event.operation !== 'verify') calls++
    if (event.kind !== 'record') continue
    const now = event.record.current.generation
    if (generation !== null && now > generation) {
      perRotation.push(calls)
      calls = 0
    }
    generation = now
  }
  return perRotation
}

function convergeMs(events: readonly HistoryEvent[]): number | null {
  const ended = events.find((event) => event.kind === 'faults-ended')
  const converged = events.find((event) => event.kind === 'converged')
  return ended && converged ? converged.atMs - ended.atMs : null
}
