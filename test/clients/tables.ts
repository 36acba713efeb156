import type { Client } from './client.ts'
import { OK, type Result, type Trial } from './run-client.ts'
import type { Runtimes } from './runtimes.ts'
import { WAYS } from './ways.ts'

const RUNS_PER_TRIAL = 2

/** One line for each call over each way. */
export function fullTable(
  trials: readonly Trial[],
  results: readonly Result[],
  runtimes: Runtimes,
): string {
  const rows = trials.map(({ client, way, call }) => {
    const found = results.find(
      (result) => result.client === client && result.way === way && result.call === call,
    )
    const outcomes = found?.outcomes ?? [`no ${client.runtime}`, `no ${client.runtime}`]
    return [labelOf(client, runtimes), way, call, ...outcomes]
  })
  return table(['client', 'way in', 'call', 'both secrets valid', 'current one revoked'], rows)
}

/** How many runs went well, went wrong, and could not be tried. */
export function countsOf(trials: readonly Trial[], results: readonly Result[]) {
  const outcomes = results.flatMap((result) => result.outcomes)
  const passed = outcomes.filter((outcome) => outcome === OK).length
  const missing = trials.length * RUNS_PER_TRIAL - outcomes.length
  return { passed, failed: outcomes.length - passed, missing }
}

/** A line for each run that went wrong. */
export function failuresOf(results: readonly Result[]): readonly string[] {
  return results.flatMap(({ client, way, call, outcomes }) =>
    outcomes.flatMap((outcome, index) =>
      outcome === OK
        ? []
        : `failed: ${client.name}, ${way}, ${call}${index === 1 ? ', revoked' : ''}: ${outcome}`,
    ),
  )
}

/** One line for each client and call, a column for each way, and what the client is told. */
export function wayTable(results: readonly Result[], runtimes: Runtimes): string {
  const rows = clientsOf(results).flatMap((client) =>
    client.calls.map((call) => {
      const cells = WAYS.map((way) => {
        const found = results.filter(
          (result) => result.client === client && result.way === way && result.call === call,
        )
        return found.map(verdictOf).join()
      })
      return [labelOf(client, runtimes), call, ...cells, client.told]
    }),
  )
  return table(['client', 'call', ...WAYS, 'told by, beside the environment'], rows)
}

/** One line for each client. */
export function compactTable(results: readonly Result[], runtimes: Runtimes): string {
  const rows = clientsOf(results).map((client) => {
    const own = results.filter((result) => result.client === client)
    const ways = WAYS.filter((way) => own.some((result) => result.way === way))
    const outcomes = own.flatMap((result) => result.outcomes)
    const passed = outcomes.filter((outcome) => outcome === OK).length
    const result = `${passed} of ${outcomes.length}`
    return [labelOf(client, runtimes), client.calls.join(', '), ways.join(', '), result]
  })
  return table(['client', 'calls', 'ways in', 'passed'], rows)
}

function clientsOf(results: readonly Result[]): readonly Client[] {
  return [...new Set(results.map(({ client }) => client))]
}

/** `ok` when both runs went well, else what went wrong first. */
function verdictOf({ outcomes }: Result): string {
  return outcomes.find((outcome) => outcome !== OK) ?? OK
}

function labelOf({ name, runtime }: Client, runtimes: Runtimes): string {
  const version = runtimes.get(runtime) ?? ''
  return name === runtime
    ? `${name} ${version}`.trim()
    : `${name} (${`${runtime} ${version}`.trim()})`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}
