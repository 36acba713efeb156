import { parseArgs } from 'node:util'
import type { Clock } from '../../kernel/ports/clock.ts'
import type { Random } from '../../kernel/ports/random.ts'
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts'
import { UsageError } from '../usage-error.ts'
import type { SelfCommand } from './child.ts'
import { added, type DemoFigures, quantiles, verdict } from './figures.ts'
import { Load } from './load.ts'
import { searchLeaks } from './search-leaks.ts'
import { type DemoStage, raiseStage } from './stage.ts'
import { figuresText, tableHead, tableLine } from './table.ts'

interface Output {
  write(text: string): unknown
}

export interface DemoDeps {
  readonly clock: Clock
  readonly random: Random
  readonly self: SelfCommand
}

interface DemoOptions {
  readonly seconds: number
  readonly requestsPerSecond: number
  readonly rotateSeconds: number
  readonly json: boolean
}

/** Calls of the yardstick, an app like the other that reaches the emulator without Sidekey. Few, to stay out of the way. */
const YARDSTICK_SHARE = 0.25
const TICK_MS = 1_000
const LOOK_MS = 50

/**
 * `sidekey demo`: an emulated provider, Sidekey, and an app with a placeholder under load, while secrets rotate every few
 * seconds and one is revoked behind Sidekey's back. Shows a live table and the figures.
 * @returns 1 when a request failed, a secret leaked, or nothing rotated
 */
export async function runDemo(
  argv: readonly string[],
  io: { readonly stdout: Output; readonly stderr: Output },
  deps: DemoDeps,
): Promise<number> {
  const options = readOptions(argv)
  // With --json the picture goes to people, the figures to the machine.
  const picture = options.json ? io.stderr : io.stdout
  picture.write(`starting an emulated provider, Sidekey, and an app that holds a placeholder\n`)
  const stage = await raiseStage(options, deps)
  try {
    const figures = await perform(stage, options, deps, (line) => picture.write(`${line}\n`))
    const problems = verdict(figures)
    picture.write(figuresText(figures, problems))
    if (options.json) io.stdout.write(`${JSON.stringify({ ...figures, problems }, null, 2)}\n`)
    return problems.length === 0 ? EXIT_OK : EXIT_FAILED
  } finally {
    await stage.close()
  }
}

async function perform(
  stage: DemoStage,
  options: DemoOptions,
  { clock }: DemoDeps,
  show: (line: string) => void,
): Promise<DemoFigures> {
  const { seconds, requestsPerSecond } = options
  const app = new Load({ ...stage.throughSidekey, requestsPerSecond, seconds })
  const yardstickRate = Math.ceil(requestsPerSecond * YARDSTICK_SHARE)
  const yardstick = new Load({ ...stage.direct, requestsPerSecond: yardstickRate, seconds })
  const revokeAtSecond = Math.ceil(seconds / 2)
  let revoked = 0
  show(tableHead())
  for (let second = 1; !app.isDone; second++) {
    await clock.sleep(TICK_MS)
    let note = ''
    if (second >= revokeAtSecond && revoked === 0 && (await seesFallback(stage, app, clock))) {
      revoked = stage.revokeBehindItsBack()
      note = 'current secret revoked behind its back'
    }
    show(tableLine({ ...(await stage.look()), ...app.counts, second, seconds, note }))
  }
  await Promise.all([app.done, yardstick.done])
  const look = await stage.look()
  const { leaks, searched } = await searchLeaks(stage, [app, yardstick])
  const direct = quantiles(yardstick.latenciesMs)
  const through = quantiles(app.latenciesMs)
  return {
    seconds,
    requests: app.counts.requests,
    failed: app.counts.failed,
    replays: look.replays,
    rotations: look.rotations,
    revokedBehindItsBack: revoked,
    leaks,
    searched,
    directMs: direct,
    throughMs: through,
    addedMs: added(through, direct),
    failures: app.failures,
  }
}

/** Waits until the account can lose its current secret and still have one: nobody can save a request from losing the only one. */
async function seesFallback(stage: DemoStage, app: Load, clock: Clock): Promise<boolean> {
  while (!app.isDone) {
    if ((await stage.look()).hasFallback) return true
    await clock.sleep(LOOK_MS)
  }
  return false
}

function readOptions(argv: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seconds: { type: 'string', default: '60' },
      rate: { type: 'string', default: '200' },
      'rotate-every': { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
    },
  })
  return {
    seconds: whole('--seconds', values.seconds, 3_600),
    requestsPerSecond: whole('--rate', values.rate, 2_000),
    rotateSeconds: whole('--rotate-every', values['rotate-every'], 3_600),
    json: values.json,
  }
}

function whole(name: string, text: string, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= max) return value
  throw new UsageError(`${name} is a whole number from 1 to ${max}`)
}
