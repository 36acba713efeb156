import {
  addedOf,
  failedOf,
  medianOf,
  ratioBounds,
  ratioOf,
  replayCost,
  seriesOf,
  spreadOf,
} from './summarise.ts'
import { LARGE_BODIES, type LargeBodies } from './large-bodies.ts'
import { againstName, DIRECT, type Idle, type Series } from './lanes.ts'
import type { Result } from './rounds.ts'
import { median } from './samples.ts'
import { targets } from './targets.ts'

/** What the tables are about. */
export interface Report {
  readonly results: readonly Result[]
  /** Null: not measured in this run. */
  readonly largeBodies: LargeBodies | null
  /** Name and description of each contender. */
  readonly contenders: readonly (readonly [name: string, description: string])[]
  /** Names of those that are not installed. */
  readonly missing: readonly string[]
}

/** The best native proxy, the usual sidecar's language, the usual library: CPU per request in theirs. */
const COMPARED_WITH = ['nginx', 'go', 'http-proxy']
const RATIOS = COMPARED_WITH.map((name) => `× ${name}`)

/** All tables, as Markdown. */
export function renderReport({ results, largeBodies, contenders, missing }: Report): string {
  const parts = [
    ...results.map(renderResult),
    renderFootprint(results),
    renderLargeBodies(largeBodies),
    renderDerived(results),
    renderTargets(results, largeBodies),
    `Contenders: ${contenders.map(([, description]) => description).join(', ')}.`,
  ]
  if (missing.length > 0) parts.push(`Not installed here, so not measured: ${missing.join(', ')}.`)
  return parts.filter((part) => part !== '').join('\n\n')
}

function renderResult(result: Result): string {
  const { scenario } = result
  const rows = scenario.rate > 0 ? latencyRows(result) : throughputRows(result)
  const remarks = result.remarks.map((remark) => `\n\n${remark}`).join('')
  return `### ${scenario.title} (\`${scenario.id}\`)\n\n${table(rows)}${remarks}`
}

function throughputRows(result: Result): readonly (readonly string[])[] {
  const head = ['', 'requests/s', 'CPU µs/request', '± %', ...RATIOS, 'failed']
  const rows = result.series.map((series) => [
    series.name,
    whole(medianOf(series, 'perSecond')),
    tenths(medianOf(series, 'cpu')),
    percent(spreadOf(series, 'cpu')),
    ...cpuRatios(result, series),
    String(failedOf(series)),
  ])
  return [head, ...rows]
}

function latencyRows(result: Result): readonly (readonly string[])[] {
  const percentiles = ['p50', 'p99', 'p999'] as const
  const head = [
    '',
    'p50 added µs',
    'p99 added µs',
    'p99.9 added µs',
    'CPU µs/request',
    '± %',
    ...RATIOS,
    'failed',
  ]
  const rows = result.series.map((series) => [
    series.name === DIRECT ? `${DIRECT} (itself)` : series.name,
    ...percentiles.map((figure) =>
      whole(series.name === DIRECT ? medianOf(series, figure) : addedOf(result, series, figure)),
    ),
    tenths(medianOf(series, 'cpu')),
    percent(spreadOf(series, 'cpu')),
    ...cpuRatios(result, series),
    String(failedOf(series)),
  ])
  return [head, ...rows]
}

function cpuRatios(result: Result, series: Series): readonly string[] {
  return COMPARED_WITH.map((name) => hundredths(ratioOf(series, seriesOf(result, name), 'cpu')))
}

/** Memory and start of each contender, with one route and plain http, from the scenarios that have them. */
function renderFootprint(results: readonly Result[]): string {
  const loaded = results.find(({ scenario }) => scenario.id === 'get-200')
  const plain = results.filter(isPlain)
  const names = new Set(plain.flatMap(({ series }) => series.map(({ name }) => name)))
  names.delete(DIRECT)
  if (names.size === 0) return ''
  const middle = (name: string, figure: 'firstAnswerMs' | 'idleMb') =>
    median(startsOf(plain, name).map((start) => start[figure]))
  const rows = [...names].map((name) => [
    name,
    whole(middle(name, 'idleMb')),
    hundredths(idleCpuOf(plain, name)),
    whole(medianOf(seriesOf(loaded, name), 'loadedMb')),
    whole(middle(name, 'firstAnswerMs')),
  ])
  const head = [
    '',
    'RSS idle MB',
    'CPU idle ms/s',
    'RSS under load MB (`get-200`)',
    'start to first answer ms',
  ]
  return `### Footprint\n\n${table([head, ...rows])}`
}

/** One route, and neither replays nor rotations. */
function isPlain({ scenario }: Result): boolean {
  return scenario.routes === 1 && scenario.against === null
}

function startsOf(results: readonly Result[], name: string): readonly Idle[] {
  return results.flatMap((result) => seriesOf(result, name)?.starts ?? [])
}

function idleCpuOf(results: readonly Result[], name: string): number | null {
  const known = startsOf(results, name).flatMap(({ idleCpu }) => idleCpu ?? [])
  return known.length === 0 ? null : median(known)
}

function renderLargeBodies(bodies: LargeBodies | null): string {
  const { id, title } = LARGE_BODIES
  return bodies === null ? '' : `### ${title} (\`${id}\`)\n\nsidekey: ${bodies.told}.`
}

/** What the rows of a scenario tell about the plain load beside it. */
function renderDerived(results: readonly Result[]): string {
  const rows = results.flatMap((result) => {
    const { against, connections, refuseEvery, title } = result.scenario
    if (against === null) return []
    return result.series.flatMap((series) => {
      const plain = seriesOf(result, againstName(series.name, against.label))
      if (plain === undefined) return []
      const ratio = ratioOf(series, plain, 'cpu')
      const replayed =
        connections !== 1 || refuseEvery === 0 ? null : replayCost(ratio, 1 / refuseEvery)
      const bounds = ratioBounds(series, plain, 'cpu')
      const within = bounds === null ? '–' : bounds.map(hundredths).join(' to ')
      return [[title, series.name, against.label, hundredths(ratio), within, hundredths(replayed)]]
    })
  })
  if (rows.length === 0) return ''
  const head = [
    'CPU per request',
    '',
    'against',
    '×',
    '× with 95 % certainty',
    'one that is refused and replayed, ×',
  ]
  return `### Derived\n\n${table([head, ...rows])}`
}

/** Only of runs that compare: one contender alone has no ratio. */
function renderTargets(results: readonly Result[], largeBodies: LargeBodies | null): string {
  const plain = results.filter(isPlain)
  const middle = (name: 'firstAnswerMs' | 'idleMb') => {
    const starts = startsOf(plain, 'sidekey')
    return starts.length === 0 ? null : median(starts.map((start) => start[name]))
  }
  const footprint = {
    idleMb: middle('idleMb'),
    firstAnswerMs: middle('firstAnswerMs'),
    grownMib: largeBodies?.grownMib ?? null,
  }
  const measured = targets(results, footprint).filter(({ measured: value }) => value !== null)
  if (measured.length === 0) return ''
  const rows = measured.map(({ figure, unit, must, aim, measured: value }) => {
    const met = (limit: number | null) =>
      limit === null ? '–' : `${short(limit)} ${(value ?? Infinity) <= limit ? 'met' : 'missed'}`
    return [figure, `${short(value)} ${unit}`, met(must), met(aim)]
  })
  return `### Targets\n\n${table([['', 'measured', 'must', 'aim'], ...rows])}`
}

const short = (value: number | null) =>
  value === null ? '–' : value.toLocaleString('en-US', { maximumSignificantDigits: 3 })

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), rule, ...body.map(line)].join('\n')
}

const format = (digits: number) => (value: number | null) =>
  value === null || Number.isNaN(value)
    ? '–'
    : value.toLocaleString('en-US', {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      })
const whole = format(0)
const tenths = format(1)
const hundredths = format(2)
const percent = (share: number | null) => whole(share === null ? null : share * 100)
