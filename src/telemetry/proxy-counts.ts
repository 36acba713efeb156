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
import { NumberRow, NumberRows } from '../kernel/number-rows.ts'
import { bucketOf, BUCKETS, type Durations } from './duration-histogram.ts'

/** How often each word of a closed set was counted. */
export type Tally = readonly (readonly [word: string, count: number])[]

/** Which number of a row counts a word. */
type Places<Word extends string> = Readonly<Record<Word, number>>

// A route's row.
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
const SELDOM = UPSTREAM + BUCKETS
const REPLAYS: Places<ReplayOutcome> = {
  replayed: SELDOM,
  'body-too-large': SELDOM + 1,
  'body-streaming': SELDOM + 2,
  'mixed-results': SELDOM + 3,
  'no-other-version': SELDOM + 4,
  'budget-spent': SELDOM + 5,
  'response-started': SELDOM + 6,
}
const FAULTS = SELDOM + Object.keys(REPLAYS).length
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
export class RouteCounts extends NumberRow implements RouteMeter {
  #webSockets = 0

  constructor() {
    super(routeRows.next())
  }

  finished(outcome: RequestOutcome, durationMs: number): void {
    this.add(OUTCOMES[outcome], 1)
    observe(this, WHOLE, WHOLE_SUM, durationMs)
  }

  upstream(durationMs: number): void {
    observe(this, UPSTREAM, UPSTREAM_SUM, durationMs)
  }

  replay(outcome: ReplayOutcome): void {
    this.add(REPLAYS[outcome], 1)
  }

  upstreamFault(reason: UpstreamFaultReason): void {
    this.add(FAULTS + UPSTREAM_FAULT_REASONS.indexOf(reason), 1)
  }

  webSocket(change: 'opened' | 'ended'): void {
    this.#webSockets += change === 'opened' ? 1 : -1
  }

  get requests(): Tally {
    return tally(this, OUTCOMES)
  }

  get replays(): Tally {
    return tally(this, REPLAYS)
  }

  get faults(): Tally {
    return UPSTREAM_FAULT_REASONS.map((reason, place) => [reason, this.get(FAULTS + place)])
  }

  get webSocketsOpen(): number {
    return this.#webSockets
  }

  get whole(): Durations {
    return durations(this, WHOLE, WHOLE_SUM)
  }

  get upstreamTime(): Durations {
    return durations(this, UPSTREAM, UPSTREAM_SUM)
  }
}

/** What became of a credential's versions in requests. */
export class CredentialCounts extends NumberRow implements CredentialMeter {
  constructor() {
    super(credentialRows.next())
  }

  injected(stage: Stage): void {
    this.add(INJECTIONS[stage], 1)
  }

  authFailure(stage: Stage): void {
    this.add(AUTH_FAILURES[stage], 1)
  }

  fallback(outcome: FallbackOutcome): void {
    this.add(FALLBACKS[outcome], 1)
  }

  get injections(): Tally {
    return tally(this, INJECTIONS)
  }

  get authFailures(): Tally {
    return tally(this, AUTH_FAILURES)
  }

  get fallbacks(): Tally {
    return tally(this, FALLBACKS)
  }
}

/** A negative duration, from a broken clock, counts as 0. */
function observe(row: NumberRow, buckets: number, sum: number, durationMs: number): void {
  const duration = durationMs > 0 ? durationMs : 0
  row.add(buckets + bucketOf(duration), 1)
  row.add(sum, duration)
}

function tally<Word extends string>(row: NumberRow, places: Places<Word>): Tally {
  return Object.entries<number>(places).map(([word, place]) => [word, row.get(place)])
}

function durations(row: NumberRow, buckets: number, sum: number): Durations {
  const counts = Array.from({ length: BUCKETS }, (_, bucket) => row.get(buckets + bucket))
  return { counts, sumMs: row.get(sum) }
}
