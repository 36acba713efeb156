import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue } from 'prom-client'

/** The metrics of one process, as prom-client writes them in JSON; they cross a channel between processes. */
export type MetricsReport = readonly MetricObjectWithValues<MetricValue<string>>[]

type Metric = MetricsReport[number]

/** Gauges of which each process has a share. All others are told by the supervisor alone. */
const SHARED_GAUGES =
  /^(sidekey_websockets_open|process_(resident|virtual|heap)_(memory_)?bytes|process_open_fds|nodejs_heap_size_\w+_bytes)$/

/**
 * Times at which secrets were last read. Whoever uses them tells: the supervisor, which reads what a rotation needs, looks at
 * all others only when it is asked for a status.
 */
const FRESH_GAUGES = /^sidekey_secret_source_\w+_timestamp_seconds$/

/** prom-client's `type` is a word at run time and an enum to the compiler. */
const isTotal = ({ type }: Metric) => ['counter', 'histogram'].includes(String(type))

/** What has been counted for good: the part of a report that must outlive its process. */
export function totalsOf(report: MetricsReport): MetricsReport {
  return report.filter(isTotal)
}

/** What the configuration names; a series with another route or credential is of the past. */
export interface NamedSeries {
  readonly routes: ReadonlySet<string>
  readonly credentials: ReadonlySet<string>
}

/** The part of a report that the configuration still names. */
export function retained(
  report: MetricsReport,
  { routes, credentials }: NamedSeries,
): MetricsReport {
  const isNamed = (label: string | number | undefined, names: ReadonlySet<string>) =>
    label === undefined || names.has(String(label))
  return report.map((metric) => ({
    ...metric,
    values: metric.values.filter(
      ({ labels }) =>
        isNamed(labels['route'], routes) && isNamed(labels['credential'], credentials),
    ),
  }))
}

/**
 * One report of several: totals and shared gauges are added up; a time at which secrets were fresh is the oldest of those
 * that workers tell; any other gauge, such as a phase, is that of the first report, which is the supervisor's.
 */
export function mergeReports([own = [], ...others]: readonly MetricsReport[]): MetricsReport {
  const merged = new Map(own.map((metric) => [metric.name, metric]))
  const told = new Map<string, Metric>()
  for (const metric of others.flat()) {
    if (isTotal(metric) || SHARED_GAUGES.test(metric.name)) {
      merged.set(
        metric.name,
        joined(merged.get(metric.name), metric, (a, b) => a + b),
      )
    } else if (FRESH_GAUGES.test(metric.name)) {
      told.set(metric.name, joined(told.get(metric.name), metric, Math.min))
    }
  }
  for (const [name, metric] of told) {
    merged.set(
      name,
      joined(merged.get(name), metric, (_own, oldest) => oldest),
    )
  }
  return [...merged.values()]
}

/** Writes a report in Prometheus' text format 0.0.4. */
export function formatReport(report: MetricsReport): Promise<string> {
  const whole = report.map((metric) => ({ ...metric, aggregator: 'first' }))
  return AggregatorRegistry.aggregate([whole]).metrics()
}

function joined(
  known: Metric | undefined,
  metric: Metric,
  join: (known: number, next: number) => number,
): Metric {
  const values = new Map((known?.values ?? []).map((value) => [seriesOf(value), value]))
  for (const value of metric.values) {
    const before = values.get(seriesOf(value))
    const joinedValue = before === undefined ? value.value : join(before.value, value.value)
    values.set(seriesOf(value), { ...value, value: joinedValue })
  }
  return { ...metric, values: [...values.values()] }
}

function seriesOf(value: MetricValue<string> & { readonly metricName?: string }): string {
  const labels = Object.entries(value.labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([value.metricName, labels.map(([name, text]) => [name, String(text)])])
}
