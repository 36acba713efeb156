import type { Stage } from '../kernel/credential.ts'
import {
  type CredentialMeter,
  type FallbackOutcome,
  type ReplayOutcome,
  type RequestOutcome,
  type RouteMeter,
  UPSTREAM_FAULT_REASONS,
  type UpstreamFaultReason,
} from '../kernel/ports/telemetry.ts'
import { bucketOf, BUCKETS, type Durations } from './duration-histogram.ts'
import { type NumberRow, NumberRows } from './number-rows.ts'

/** How often each word of a closed set was counted. */
export type Tally = readonly (readonly [word: string, count: number])[]

/** Which number of a row counts a word. */
type Places<Word extends string> = Readonly<Record<Word, number>>

// A route's row. What every request counts stands at its front.
const OUTCOMES: Places<RequestOutcome> = {
  success: 0,
  'client-error': 1,
  'upstream-error': 2,
  'auth-failed': 3,
  refused: 4,
  'client-aborted': 5,
}
const WHOLE_SUM = 6
const UPSTREAM_SUM = 7
const WHOLE = 8
const UPSTREAM = WHOLE + BUCKETS
const REPLAYS: Places<ReplayOutcome> = {
  replayed: UPSTREAM + BUCKETS,
  'body-too-large': UPSTREAM + BUCKETS + 1,
  'body-streaming': UPSTREAM + BUCKETS + 2,
  'mixed-results': UPSTREAM + BUCKETS + 3,
  'no-other-version': UPSTREAM + BUCKETS + 4,
  'budget-spent': UPSTREAM + BUCKETS + 5,
  'response-started': UPSTREAM + BUCKETS + 6,
}
const FAULTS = UPSTREAM + BUCKETS + Object.keys(REPLAYS).length
const routeRows = new NumberRows(FAULTS + UPSTREAM_FAULT_REASONS.length)

// A credential's row.
const INJECTIONS: Places<Stage> = { pending: 0, current: 1, previous: 2 }
const AUTH_FAILURES: Places<Stage> = { pending: 3, current: 4, previous: 5 }
const FALLBACKS: Places<FallbackOutcome> = {
  succeeded: 6,
  'refused-too': 7,
  'upstream-error': 8,
  'not-possible': 9,
}
const credentialRows = new NumberRows(10)

/** What a route's requests came to. */
export class RouteCounts implements RouteMeter {
  readonly #row = routeRows.take()
  #webSockets = 0

  finished(outcome: RequestOutcome, durationMs: number): void {
    add(this.#row, OUTCOMES[outcome], 1)
    observe(this.#row, WHOLE, WHOLE_SUM, durationMs)
  }

  upstream(durationMs: number): void {
    observe(this.#row, UPSTREAM, UPSTREAM_SUM, durationMs)
  }

  replay(outcome: ReplayOutcome): void {
    add(this.#row, REPLAYS[outcome], 1)
  }

  upstreamFault(reason: UpstreamFaultReason): void {
    add(this.#row, FAULTS + UPSTREAM_FAULT_REASONS.indexOf(reason), 1)
  }

  webSocket(change: 'opened' | 'ended'): void {
    this.#webSockets += change === 'opened' ? 1 : -1
  }

  get requests(): Tally {
    return tally(this.#row, OUTCOMES)
  }

  get replays(): Tally {
    return tally(this.#row, REPLAYS)
  }

  get faults(): Tally {
    const { values, at } = this.#row
    return UPSTREAM_FAULT_REASONS.map((reason, place) => [reason, values[at + FAULTS + place] ?? 0])
  }

  get webSocketsOpen(): number {
    return this.#webSockets
  }

  get whole(): Durations {
    return durations(this.#row, WHOLE, WHOLE_SUM)
  }

  get upstreamTime(): Durations {
    return durations(this.#row, UPSTREAM, UPSTREAM_SUM)
  }
}

/** What became of a credential's versions in requests. */
export class CredentialCounts implements CredentialMeter {
  readonly #row = credentialRows.take()

  injected(stage: Stage): void {
    add(this.#row, INJECTIONS[stage], 1)
  }

  authFailure(stage: Stage): void {
    add(this.#row, AUTH_FAILURES[stage], 1)
  }

  fallback(outcome: FallbackOutcome): void {
    add(this.#row, FALLBACKS[outcome], 1)
  }

  get injections(): Tally {
    return tally(this.#row, INJECTIONS)
  }

  get authFailures(): Tally {
    return tally(this.#row, AUTH_FAILURES)
  }

  get fallbacks(): Tally {
    return tally(this.#row, FALLBACKS)
  }
}

function add({ values, at }: NumberRow, place: number, amount: number): void {
  values[at + place] = (values[at + place] ?? 0) + amount
}

/** A negative duration, from a broken clock, counts as 0. */
function observe(row: NumberRow, buckets: number, sum: number, durationMs: number): void {
  const duration = durationMs > 0 ? durationMs : 0
  add(row, buckets + bucketOf(duration), 1)
  add(row, sum, duration)
}

function tally<Word extends string>({ values, at }: NumberRow, places: Places<Word>): Tally {
  return Object.entries<number>(places).map(([word, place]) => [word, values[at + place] ?? 0])
}

function durations({ values, at }: NumberRow, buckets: number, sum: number): Durations {
  const counts = values.subarray(at + buckets, at + buckets + BUCKETS)
  return { counts, sumMs: values[at + sum] ?? 0 }
}
