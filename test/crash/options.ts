import { parseArgs } from 'node:util'
import { CRASH_POINTS } from '../../src/rotation/crash-points.ts'

/** What the command line asks for. */
export interface Options {
  /** How often each disturbance but the storms is made. Default 1. */
  readonly passes: number
  /** Default: all of them. */
  readonly points: readonly string[]
  /** Only crash points, since `--points` names them. */
  readonly onlyPoints: boolean
  /** Only trials whose name holds this text. Default: all of them. */
  readonly only: string
  /** More storms follow until the whole run has lasted this long. Default 0. */
  readonly minutes: number
  /** Default 12; 4 with `--ci`. */
  readonly storms: number
  /** Decides random times, faults and victims. Default: the time. */
  readonly seed: number
  /** Requests per second of each lane. Default 200. */
  readonly rate: number
  /** Accounts with a Sidekey of their own that are disturbed at the same time. Default 2. */
  readonly lanes: number
  readonly json: boolean
  readonly write: boolean
}

/** Read by `npm run test:crash -- --help`. */
export const USAGE = `npm run test:crash -- [options]
  --passes N          times that each crash point and every other disturbance is met (1)
  --points A,B        these crash points and nothing else, such as create:after
  --only TEXT         trials whose name holds it
  --minutes M         more storms until the run has lasted so long
  --storms N          storms of several faults at once (12)
  --seed N            decides random times, faults and victims (the time)
  --rate N            requests per second of the app of each lane (200)
  --lanes N           Sidekeys that are disturbed at the same time, each on its own store (2)
  --ci                one pass, 6 lanes of 60 requests/s, 4 storms: about four minutes
  --json              figures instead of the table
  --write             docs/reliability.md, between its marks`

/** Null: help was asked for. */
export function readOptions(argv: readonly string[], nowMs: number): Options | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      passes: { type: 'string' },
      points: { type: 'string' },
      only: { type: 'string', default: '' },
      minutes: { type: 'string' },
      storms: { type: 'string' },
      seed: { type: 'string' },
      rate: { type: 'string' },
      lanes: { type: 'string' },
      ci: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const onlyPoints = values.points !== undefined
  return {
    passes: whole('--passes', values.passes, 1),
    points: values.points?.split(',').map((name) => name.trim()) ?? CRASH_POINTS,
    onlyPoints,
    only: values.only,
    minutes: whole('--minutes', values.minutes, 0),
    storms: whole('--storms', values.storms, values.ci ? 4 : 12),
    seed: whole('--seed', values.seed, nowMs % 1_000_000),
    rate: whole('--rate', values.rate, values.ci ? 60 : 200),
    lanes: whole('--lanes', values.lanes, values.ci ? 6 : 2),
    json: values.json,
    write: values.write,
  }
}

function whole(name: string, text: string | undefined, standard: number): number {
  if (text === undefined) return standard
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} is a whole number`)
  return Number(text)
}
