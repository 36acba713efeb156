import { Histogram, type Registry } from 'prom-client'

/** From a loopback answer to the longest upstream timeout. Seconds, as Prometheus wants base units. */
const BOUNDS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const

/** A count per bound, and one beyond the last. Not cumulative. */
export const BUCKETS = BOUNDS_SECONDS.length + 1

/** Numbers of a histogram, as they are when it is scraped. */
export interface Durations {
  readonly sumMs: number
  /** See `BUCKETS`. */
  readonly counts: readonly number[]
}

/**
 * The bucket of a duration in milliseconds. Counting one is a short scan and two additions; prom-client's own histogram
 * hashes its labels on every observation (figures: test/bench/telemetry.bench.ts).
 */
export function bucketOf(durationMs: number): number {
  const seconds = durationMs / 1000
  let bucket = 0
  while (bucket < BOUNDS_SECONDS.length && seconds > (BOUNDS_SECONDS[bucket] ?? 0)) bucket++
  return bucket
}

/** Where the numbers of a histogram come from when it is scraped. */
export type ReadDurations = () => Iterable<readonly [route: string, durations: Durations]>

/**
 * A histogram by route whose numbers are fetched by `read` at scrape time. prom-client takes observations only; the one
 * place to hand it finished numbers is the method by which its registry asks a histogram for its series.
 */
export class RouteDurations extends Histogram<'route'> {
  readonly #name: string
  readonly #help: string
  readonly #read: ReadDurations

  constructor(registry: Registry, name: string, help: string, read: ReadDurations) {
    super({
      name,
      help,
      labelNames: ['route'],
      registers: [registry],
      buckets: [...BOUNDS_SECONDS],
    })
    this.#name = name
    this.#help = help
    this.#read = read
  }

  /** Called by the registry; `get`, for aggregation over processes, builds on it. */
  async getForPromString(): Promise<object> {
    const values = [...this.#read()].flatMap(([route, durations]) => this.#series(route, durations))
    return { name: this.#name, help: this.#help, type: 'histogram', aggregator: 'sum', values }
  }

  #series(route: string, durations: Durations): readonly object[] {
    let count = 0
    // Each bound counts all that were at most as long.
    const cumulative = durations.counts.map((each) => (count += each))
    const series = (suffix: string, value: number, labels: object = {}) => ({
      metricName: this.#name + suffix,
      sharedLabels: { route },
      labels,
      value,
    })
    return [
      ...BOUNDS_SECONDS.map((le, index) => series('_bucket', cumulative[index] ?? 0, { le })),
      series('_bucket', count, { le: '+Inf' }),
      series('_sum', durations.sumMs / 1000),
      series('_count', count),
    ]
  }
}
