import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface Options {
  /** How often each contender is measured per scenario, at least; the median counts. Default 5, short 3. */
  readonly rounds: number
  /** Length of one measurement. Default 3, short 1.5. */
  readonly seconds: number
  /** Keep-alive connections of the load. Default 32. */
  readonly connections: number
  /** Names of contenders; empty: all. */
  readonly only: readonly string[]
  /** Ids of scenarios; empty: all. */
  readonly scenarios: readonly string[]
  /** Three scenarios, Sidekey and http-proxy, and a failure when Sidekey has become grossly slower. */
  readonly short: boolean
  /** Print the figures as JSON instead of tables. */
  readonly json: boolean
  /** Write docs/benchmarks.md. */
  readonly write: boolean
  /** Write test/bench/recorded.json, which `short` compares with. */
  readonly record: boolean
}

/** Read by `npm run bench -- --help`. */
export const USAGE = `npm run bench -- [options]
  --rounds N          measurements per contender and scenario; the median counts (5); at least 8 where a
                      contender is compared with itself
  --seconds S         length of one (3)
  --connections N     keep-alive connections of the load (32)
  --only A,B          these contenders
  --scenario A,B      these scenarios
  --short             for CI: Sidekey beside http-proxy; fails when it is twice as slow as recorded
  --json              figures instead of tables
  --write             docs/benchmarks.md
  --record            test/bench/recorded.json, what --short compares with
Install the contenders with: bash test/bench/setup
A CPU profile: BENCH_CPU_PROF=DIR npm run bench -- --only sidekey --scenario get-200, then node test/bench/top.ts DIR/*.cpuprofile`

/** Null: help was asked for. */
export function readOptions(argv: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      connections: { type: 'string' },
      only: { type: 'string' },
      scenario: { type: 'string' },
      short: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const { short, json, write, record } = values
  const words = (list: string | undefined) => list?.split(',').map((word) => word.trim()) ?? []
  return {
    rounds: positive('--rounds', values.rounds, short ? 3 : 5),
    seconds: positive('--seconds', values.seconds, short ? 1.5 : 3),
    connections: positive('--connections', values.connections, 32),
    only: values.only === undefined && short ? ['sidekey', 'http-proxy'] : words(values.only),
    scenarios:
      values.scenario === undefined && short
        ? ['get-200', 'get-200-tls', 'post-1k']
        : words(values.scenario),
    short,
    json,
    write,
    record,
  }
}

function positive(name: string, text: string | undefined, standard: number): number {
  if (text === undefined) return standard
  const number = Number(text)
  if (!(number > 0)) throw new Error(`${name} is a number above 0`)
  return number
}
