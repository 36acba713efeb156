import { execFile, type ExecFileException } from 'node:child_process'
import { promisify } from 'node:util'
import type { Client } from './client.ts'
import { targetOf, type Way } from './ways.ts'
import type { World } from './world.ts'

const RUN_TIMEOUT_MS = 45_000
/** The outcome of a run that went well. */
export const OK = 'ok'

/** A client's call over a way in. */
export interface Trial {
  readonly client: Client
  readonly way: Way
  readonly call: string
}

export interface Result extends Trial {
  /** With both secrets valid, and with the current one revoked: `ok`, or what went wrong. */
  readonly outcomes: readonly string[]
}

/** Runs a call twice, each time in a fresh world. */
export async function runTrial(trial: Trial, world: World): Promise<Result> {
  return { ...trial, outcomes: [await run(trial, world, false), await run(trial, world, true)] }
}

async function run(trial: Trial, world: World, revoked: boolean): Promise<string> {
  const outcome = await settled(() => attempt(trial, world, revoked))
  // A Sidekey that does not stop has failed too.
  const stopped = await settled(async () => {
    await world.stop()
    return OK
  })
  return outcome === OK ? stopped : outcome
}

async function settled(step: () => Promise<string>): Promise<string> {
  try {
    return await step()
  } catch (error) {
    return reasonOf(error)
  }
}

async function attempt(
  { client, way, call }: Trial,
  world: World,
  revoked: boolean,
): Promise<string> {
  await world.start(revoked)
  const target = targetOf(way, world.ports)
  const run = { call, way, target, world }
  const [command = '', ...rest] = client.command(run)
  const { PATH, HOME } = process.env
  const told = target.proxied ? world.variables : {}
  const env = { PATH, HOME, ...told, ...client.variables?.(run) }
  const { stdout } = await promisify(execFile)(command, rest, { env, timeout: RUN_TIMEOUT_MS })
  if (client.accepts?.(call, stdout) === false) return 'the API refused the call'
  return judge(world, revoked && client.tokenCalls?.includes(call) !== true)
}

/** A call that went well has to have been what it claims to be. */
function judge(world: World, replays: boolean): string {
  if (world.leaks > 0) return 'the placeholder leaked'
  const expected = replays ? 1 : 0
  return world.refused === expected ? OK : `${world.refused} refusals upstream, not ${expected}`
}

/** The last line that says something. */
function reasonOf(error: unknown): string {
  const { stderr = '', message, killed } = error as ExecFileException
  if (killed === true) return `no end within ${RUN_TIMEOUT_MS / 1000} s`
  const lines = stderr.split('\n').filter((line) => /error|alert|refused|failed/i.test(line))
  return (lines.at(-1) ?? message).replaceAll('|', '/').trim().slice(0, 120)
}
