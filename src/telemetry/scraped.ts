import { Counter, Gauge, type Registry } from 'prom-client'

/** One series: the values of its labels in the order of the metric's label names, then its number. */
export type Sample = readonly [...labels: string[], value: number]

/** A metric whose series are copied into prom-client when it is scraped, and cost nothing before. */
export interface ScrapedMetric {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  readonly read: () => Iterable<Sample>
}

/** Registers a counter; `read` gives totals since the start. */
export function scrapedCounter(
  registry: Registry,
  { name, help, labelNames, read }: ScrapedMetric,
) {
  return new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset()
      for (const sample of read()) this.inc(...split(labelNames, sample))
    },
  })
}

/** Registers a gauge; a series that `read` no longer gives is gone from the next scrape. */
export function scrapedGauge(registry: Registry, { name, help, labelNames, read }: ScrapedMetric) {
  return new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset()
      for (const sample of read()) this.set(...split(labelNames, sample))
    },
  })
}

function split(names: readonly string[], sample: Sample): [Record<string, string>, number] {
  const labels = sample.slice(0, -1)
  return [
    Object.fromEntries(names.map((name, index) => [name, String(labels[index])])),
    Number(sample.at(-1)),
  ]
}
