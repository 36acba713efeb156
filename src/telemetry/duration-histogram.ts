import { Histogram, type Registry } from 'prom-client'

/** From a loopback answer to the longest upstream timeout. Seconds, as Prometheus wants base units. */
const BOUNDS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const

/**
 * Counts durations for a request's price of a short scan and two additions; prom-client's own histogram hashes its labels
 * on every observation (figures: test/bench/telemetry.bench.ts).
 */
export class Durations {
  /** One count per bound, and one beyond the last. Not cumulative. */
  readonly #counts = new Float64Array(BOUNDS_SECONDS.length + 1)
  #sumMs = 0

  /** Counts one duration in milliseconds; a negative one, from a broken clock, counts as 0. */
  observe(durationMs: number): void {
    const seconds = durationMs > 0 ? durationMs / 1000 : 0
    let bucket = 0
    while (bucket < BOUNDS_SECONDS.length && seconds > (BOUNDS_SECONDS[bucket] ?? 0)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sumMs += seconds * 1000
  }

  /** The sum in seconds, and for each bound how many were at most as long; the last is the count of all. */
  read(): { readonly sumSeconds: number; readonly cumulative: readonly number[] } {
    let total = 0
    const cumulative = [...this.#counts].map((count) => (total += count))
    return { sumSeconds: this.#sumMs / 1000, cumulative }
  }
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
    const { sumSeconds, cumulative } = durations.read()
    const count = cumulative.at(-1) ?? 0
    const series = (suffix: string, value: number, labels: object = {}) => ({
      metricName: this.#name + suffix,
      sharedLabels: { route },
      labels,
      value,
    })
    return [
      ...BOUNDS_SECONDS.map((le, index) => series('_bucket', cumulative[index] ?? 0, { le })),
      series('_bucket', count, { le: '+Inf' }),
      series('_sum', sumSeconds),
      series('_count', count),
    ]
  }
}
