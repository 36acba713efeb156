import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from './rounds.ts'
import { ratioOf, seriesOf } from './summarise.ts'

/** CPU per request of Sidekey, in that of http-proxy, per scenario. */
type Recorded = Readonly<Record<string, number>>

const FILE = join(import.meta.dirname, 'recorded.json')

/** A shared machine moves ratios by a third; only a gross regression doubles one. */
const WORSE_MAX = 2

/** Keeps the ratios of this run for later ones to compare with; scenarios that did not run keep theirs. */
export function record(results: readonly Result[]): void {
  const rounded = Object.entries(ratios(results)).map(([id, ratio]) => [
    id,
    Number(ratio.toFixed(3)),
  ])
  writeFileSync(FILE, `${JSON.stringify({ ...read(), ...Object.fromEntries(rounded) }, null, 2)}\n`)
}

/** A sentence per scenario, and whether all are well: at most twice the recorded ratio, and no request failed. */
export function compare(results: readonly Result[]): {
  readonly ok: boolean
  readonly lines: readonly string[]
} {
  const recorded = read()
  const measured = ratios(results)
  const verdicts = results.map(({ scenario: { id }, series }) => {
    const [now, before] = [measured[id], recorded[id]]
    const failed = series
      .filter(({ name }) => name === 'sidekey')
      .flatMap(({ samples }) => samples)
      .reduce((sum, sample) => sum + sample.failed, 0)
    if (now === undefined) return { ok: false, line: `${id}: not measured; run test/bench/setup` }
    if (failed > 0) return { ok: false, line: `${id}: ${failed} requests through Sidekey failed` }
    if (before === undefined)
      return { ok: false, line: `${id}: nothing recorded; run with --record` }
    const line = `${id}: ${now.toFixed(2)} × http-proxy's CPU per request, recorded ${before.toFixed(2)}`
    return { ok: now <= before * WORSE_MAX, line }
  })
  return { ok: verdicts.every(({ ok }) => ok), lines: verdicts.map(({ line }) => line) }
}

function ratios(results: readonly Result[]): Recorded {
  return Object.fromEntries(
    results.flatMap((result) => {
      const ratio = ratioOf(seriesOf(result, 'sidekey'), seriesOf(result, 'http-proxy'), 'cpu')
      return ratio === null ? [] : [[result.scenario.id, ratio]]
    }),
  )
}

function read(): Recorded {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8')) as Recorded
  } catch {
    return {}
  }
}
