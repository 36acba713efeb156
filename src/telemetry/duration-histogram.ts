import type { MetricSeries } from './metric-piece.ts'

/** From a loopback answer to the longest upstream timeout. Seconds, as Prometheus wants base units. */
const BOUNDS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const

const LABELS = [...BOUNDS_SECONDS, '+Inf'] as const

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

/** The series of a histogram by route. */
export function* durationSeries(
  name: string,
  routes: Iterable<readonly [route: string, durations: Durations]>,
): Generator<MetricSeries> {
  for (const [route, { counts, sumMs }] of routes) {
    let count = 0
    for (const [bucket, le] of LABELS.entries()) {
      // Each bound counts all that were at most as long.
      count += counts[bucket] ?? 0
      yield { metricName: `${name}_bucket`, labels: { le, route }, value: count }
    }
    yield { metricName: `${name}_sum`, labels: { route }, value: sumMs / 1000 }
    yield { metricName: `${name}_count`, labels: { route }, value: count }
  }
}
