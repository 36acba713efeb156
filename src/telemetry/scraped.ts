import type { MetricReader, MetricSeries } from './metric-piece.ts'

/** One series: the values of its labels in the order of the metric's label names, then its number. */
export type Sample = readonly [...labels: string[], value: number]

/** A metric whose series are read when it is scraped; nothing is kept for them before or after. */
export interface ScrapedMetric {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  readonly read: () => Iterable<Sample>
}

/** A metric that writes its series itself. */
interface WrittenMetric {
  readonly name: string
  readonly help: string
  readonly read: () => Iterable<MetricSeries>
}

/** All metrics whose numbers are Sidekey's own. A series that `read` no longer gives is gone from the next scrape. */
export class ScrapedMetrics implements Iterable<MetricReader> {
  readonly #metrics: (WrittenMetric & { readonly type: string })[] = []

  /** `read` gives totals since the start. */
  counter(metric: ScrapedMetric): void {
    this.#metrics.push({ ...metric, type: 'counter', read: () => seriesOf(metric) })
  }

  gauge(metric: ScrapedMetric): void {
    this.#metrics.push({ ...metric, type: 'gauge', read: () => seriesOf(metric) })
  }

  histogram(metric: WrittenMetric): void {
    this.#metrics.push({ ...metric, type: 'histogram' })
  }

  *[Symbol.iterator](): Generator<MetricReader> {
    for (const { name, help, type, read } of this.#metrics) {
      yield { name, help, type, values: read() }
    }
  }
}

function* seriesOf({ labelNames, read }: ScrapedMetric): Generator<MetricSeries> {
  for (const sample of read()) {
    const labels = Object.fromEntries(labelNames.map((name, at) => [name, String(sample[at])]))
    yield { labels, value: Number(sample.at(-1)) }
  }
}

/** Reloads come between two series of a scrape: what is taken out and added again then must not be told twice. */
export function asItIs<Item>(items: Iterable<Item>): readonly Item[] {
  return [...items]
}
