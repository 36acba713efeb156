/** The closing figures of a demo. Latencies in milliseconds. */
export interface DemoFigures {
  readonly seconds: number
  readonly requests: number
  readonly failed: number
  readonly replays: number
  readonly rotations: number
  readonly revokedBehindItsBack: number
  /** Texts in which a form of any secret was found: logs, metrics, pages, files outside the store, processes. */
  readonly leaks: readonly string[]
  /** Places that were searched for leaks. */
  readonly searched: number
  readonly directMs: Quantiles
  readonly throughMs: Quantiles
  readonly addedMs: { readonly p50: number; readonly p99: number }
  readonly failures: readonly string[]
}

export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly count: number
}

/** @param latenciesMs in any order; none gives zeros */
export function quantiles(latenciesMs: readonly number[]): Quantiles {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return { p50: round(at(0.5) ?? 0), p99: round(at(0.99) ?? 0), count: sorted.length }
}

/** What going through Sidekey costs on top of a direct call, at the median and at the 99th percentile. */
export function added(through: Quantiles, direct: Quantiles): { p50: number; p99: number } {
  return { p50: round(through.p50 - direct.p50), p99: round(through.p99 - direct.p99) }
}

/** The sum of the samples of a metric whose labels contain all of `labels`, in Prometheus' text format. */
export function sumMetric(
  text: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
  let sum = 0
  for (const line of text.split('\n')) {
    const rest = line.slice(name.length)
    if (!line.startsWith(name) || !/^[{ ]/.test(rest)) continue
    if (wanted.every((label) => rest.includes(label))) sum += Number(line.split(' ').at(-1))
  }
  return sum
}

/** A demo is good when nothing failed, nothing leaked, and it did what it claims to show. */
export function verdict(figures: DemoFigures): readonly string[] {
  const problems: string[] = []
  if (figures.requests === 0) problems.push('no request was sent')
  if (figures.failed > 0) problems.push(`${figures.failed} requests failed`)
  if (figures.leaks.length > 0) problems.push(`a secret was found in ${figures.leaks.join(', ')}`)
  if (figures.searched === 0) problems.push('nothing was searched for leaks')
  if (figures.rotations === 0) problems.push('nothing was rotated')
  if (figures.revokedBehindItsBack === 0) problems.push('nothing was revoked behind its back')
  return problems
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
