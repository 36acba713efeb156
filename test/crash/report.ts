import type { Options } from './options.ts'
import type { TrialResult } from './run-trial.ts'

/** The sums of a run. */
export interface Totals {
  readonly trials: number
  readonly skipped: number
  readonly kills: number
  readonly rotations: number
  readonly requests: number
  readonly failed: number
  readonly onTheWire: number
  readonly lost: number
  readonly liveMin: number
  readonly liveMax: number
  readonly convergeMaxMs: number
}

export function sumUp(results: readonly TrialResult[]): Totals {
  const run = results.filter(({ skipped }) => skipped === null)
  const sum = (pick: (result: TrialResult) => number) =>
    run.reduce((all, one) => all + pick(one), 0)
  return {
    trials: run.length,
    skipped: results.length - run.length,
    kills: sum(({ killed }) => Number(killed)),
    rotations: sum(({ rotations }) => rotations),
    requests: sum(({ requests }) => requests),
    failed: sum(({ failed }) => failed),
    onTheWire: sum(({ onTheWire }) => onTheWire),
    lost: sum(({ lost }) => lost),
    liveMin: Math.min(...run.map(({ liveMin }) => liveMin)),
    liveMax: Math.max(...run.map(({ liveMax }) => liveMax)),
    convergeMaxMs: Math.max(...run.map(({ convergedMs }) => convergedMs ?? Infinity)),
  }
}

/** One line while the run goes on. */
export function describeResult(result: TrialResult): string {
  const { name, skipped, broken } = result
  if (skipped !== null) return `skip ${name}: ${skipped}`
  const figures = `${seconds(result.convergedMs)}, ${result.rotations} rotations`
  const lines = broken.map((what) => `\n     ${what}`).join('')
  return `${broken.length === 0 ? 'ok  ' : 'FAIL'} ${name}: ${figures}${lines}`
}

/** Trials as a table, trials of one name in one line, then the totals. */
export function describeRun(results: readonly TrialResult[]): readonly string[] {
  return [...describeTable(results), '', ...describeTotals(sumUp(results))]
}

function describeTable(results: readonly TrialResult[]): readonly string[] {
  const names = [...new Set(results.map(({ name }) => name))]
  const rows = names.map((name) => row(results.filter((result) => result.name === name)))
  const head = ['', 'runs', 'killed', 'converged max', 'failed', 'lost', 'live']
  return align([head, ...rows])
}

function row(results: readonly TrialResult[]): readonly string[] {
  const [first] = results
  const name = `${first?.group}  ${first?.name}`
  if (first?.skipped != null) return [name, 'skipped', '', '', '', '', '']
  const totals = sumUp(results)
  return [
    name,
    String(totals.trials),
    String(totals.kills),
    seconds(totals.convergeMaxMs),
    String(totals.failed),
    String(totals.lost),
    `${totals.liveMin} to ${totals.liveMax}`,
  ]
}

function describeTotals(totals: Totals): readonly string[] {
  return align([
    ['disturbances', count(totals.trials)],
    ['not run here', count(totals.skipped)],
    ['with a SIGKILL', count(totals.kills)],
    ['rotations', count(totals.rotations)],
    ['requests of the app', count(totals.requests)],
    ['requests failed', count(totals.failed)],
    ['on the wire of a killed process', count(totals.onTheWire)],
    ['secrets lost', count(totals.lost)],
    ['live secrets', `${totals.liveMin} to ${totals.liveMax}`],
    ['time to converge, max', seconds(totals.convergeMaxMs)],
  ])
}

/** How a run is repeated. */
export function describeCommand(options: Options): string {
  const { passes, points, onlyPoints, only, minutes, storms, seed, rate, lanes } = options
  const words = [`--passes ${passes}`, `--storms ${storms}`]
  if (minutes > 0) words.push(`--minutes ${minutes}`)
  if (onlyPoints) words.push(`--points ${points.join(',')}`)
  if (only !== '') words.push(`--only '${only}'`)
  words.push(`--rate ${rate} --lanes ${lanes} --seed ${seed}`)
  return `npm run test:crash -- ${words.join(' ')}`
}

function align(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  )
  return rows.map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return column === 0 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

function seconds(ms: number | null): string {
  return ms === null || ms === Infinity ? 'not in time' : `${(ms / 1000).toFixed(1)} s`
}

function count(number: number): string {
  return number.toLocaleString('en')
}
