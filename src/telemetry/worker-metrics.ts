import type { MetricPiece, MetricSeries } from './metric-piece.ts'

/** The metrics of one process, each of them whole; they cross a channel between processes. */
export type MetricsReport = readonly MetricPiece[]

/** Gauges of which each process has a share. All others are told by the supervisor alone. */
const SHARED_GAUGES =
  /^(sidekey_websockets_open|process_(resident|virtual|heap)_(memory_)?bytes|process_open_fds|nodejs_heap_size_\w+_bytes)$/

/**
 * Times at which secrets were last read. Whoever uses them tells: the supervisor, which reads what a rotation needs, looks at
 * all others only when it is asked for a status.
 */
const FRESH_GAUGES = /^sidekey_secret_source_\w+_timestamp_seconds$/

const isTotal = ({ type }: MetricPiece) => type === 'counter' || type === 'histogram'

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
 * One report of several, metric by metric: totals and shared gauges are added up; a time at which secrets were fresh is the
 * oldest of those that workers tell; any other gauge, such as a phase, is that of the first report, which is the supervisor's.
 */
export function* mergeReports(reports: readonly MetricsReport[]): Generator<MetricPiece> {
  const [own = new Map<string, MetricPiece>(), ...others] = reports.map(
    (report) => new Map(report.map((metric) => [metric.name, metric])),
  )
  const names = new Set([own, ...others].flatMap((metrics) => [...metrics.keys()]))
  for (const name of names) {
    const told = others.flatMap((metrics) => metrics.get(name) ?? [])
    const merged = mergeMetric(own.get(name), told)
    if (merged !== undefined) yield merged
  }
}

function mergeMetric(
  own: MetricPiece | undefined,
  told: readonly MetricPiece[],
): MetricPiece | undefined {
  const [first = own] = told
  if (first === undefined) return undefined
  if (isTotal(first) || SHARED_GAUGES.test(first.name)) {
    return joined(first, own === undefined ? told : [own, ...told], add)
  }
  if (!FRESH_GAUGES.test(first.name) || told.length === 0) return own
  const oldest = joined(first, told, Math.min)
  return own === undefined ? oldest : joined(own, [own, oldest], (_own, worst) => worst)
}

function joined(
  head: MetricPiece,
  metrics: readonly MetricPiece[],
  join: (known: number, next: number) => number,
): MetricPiece {
  const values = new Map<string, MetricSeries>()
  for (const series of metrics.flatMap((metric) => metric.values)) {
    const key = `${series.metricName} ${JSON.stringify(series.labels)}`
    const before = values.get(key)
    const value = before === undefined ? series.value : join(before.value, series.value)
    values.set(key, { ...series, value })
  }
  return { ...head, values: [...values.values()] }
}

function add(known: number, next: number): number {
  return known + next
}
