import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client'

/** The metrics of one process, as prom-client writes them in JSON; they cross a channel between processes. */
export type MetricsReport = readonly MetricObjectWithValues<MetricValue<string>>[]

type Metric = MetricsReport[number]

/** Gauges of which each process has a share. All others are told by the supervisor alone. */
const SHARED_GAUGES =
  /^(sidekey_websockets_open|process_(resident|virtual|heap)_(memory_)?bytes|process_open_fds|nodejs_heap_size_\w+_bytes)$/

/** prom-client's `type` is a word at run time and an enum to the compiler. */
const isTotal = ({ type }: Metric) => ['counter', 'histogram'].includes(String(type))

/** What has been counted for good: the part of a report that must outlive its process. */
export function totalsOf(report: MetricsReport): MetricsReport {
  return report.filter(isTotal)
}

/**
 * One report of several: totals and shared gauges are added up; any other gauge, such as a phase or a time, is that of the
 * first report, which is the supervisor's.
 */
export function mergeReports([own = [], ...others]: readonly MetricsReport[]): MetricsReport {
  const merged = new Map(own.map((metric) => [metric.name, metric]))
  for (const metric of others.flat()) {
    if (!isTotal(metric) && !SHARED_GAUGES.test(metric.name)) continue
    const known = merged.get(metric.name)
    merged.set(metric.name, known === undefined ? metric : added(known, metric))
  }
  return [...merged.values()]
}

/** Writes a report in Prometheus' text format 0.0.4. */
export function formatReport(report: MetricsReport): Promise<string> {
  const whole = report.map((metric) => ({ ...metric, aggregator: 'first' }))
  return AggregatorRegistry.aggregate([whole]).metrics()
}

function added(one: Metric, other: Metric): Metric {
  const values = new Map(one.values.map((value) => [seriesOf(value), value]))
  for (const value of other.values) {
    const series = seriesOf(value)
    values.set(series, { ...value, value: value.value + (values.get(series)?.value ?? 0) })
  }
  return { ...one, values: [...values.values()] }
}

function seriesOf(value: MetricValue<string> & { readonly metricName?: string }): string {
  const labels = Object.entries(value.labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([value.metricName, labels.map(([name, text]) => [name, String(text)])])
}
