import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Call, CALLS, type Client, CLIENTS } from './clients.ts'
import { install } from './install.ts'
import { targetOf, type Way } from './ways.ts'
import { World } from './world.ts'

/**
 * `npm run test:clients`: real, unmodified clients with a placeholder instead of the secret, against the emulator, each
 * over the ways in that it has; every call again with the current secret revoked. A table, and `N passed, N failed`.
 */
const RUN_TIMEOUT_MS = 30_000

interface Result {
  readonly client: string
  readonly way: Way
  readonly call: Call
  /** With both secrets valid, and with the current one revoked. */
  readonly outcomes: readonly string[]
}

const only = process.argv[2] ?? ''
const missing = await install()
const world = await World.create()
const results: Result[] = []
try {
  for (const client of CLIENTS.filter(({ name }) => name.includes(only))) {
    for (const way of client.ways) {
      for (const call of CALLS) results.push(await tryOut(client, way, call))
    }
  }
} finally {
  world.remove()
}
print(results)

async function tryOut(client: Client, way: Way, call: Call): Promise<Result> {
  const absent = client.needs.find((command) => missing.has(command))
  const outcomes: string[] = []
  for (const revoked of [false, true]) {
    outcomes.push(absent === undefined ? await once(client, way, call, revoked) : `no ${absent}`)
  }
  return { client: client.name, way, call, outcomes }
}

async function once(client: Client, way: Way, call: Call, revoked: boolean): Promise<string> {
  await world.start(revoked)
  try {
    const target = targetOf(way, world)
    const [command = '', ...rest] = client.command(call, target, way, world)
    const { PATH, HOME } = process.env
    const env = { PATH, HOME, ...(target.proxied ? world.variables : {}) }
    const options = { env, timeout: RUN_TIMEOUT_MS }
    const { stdout } = await promisify(execFile)(command, rest, options)
    if (client.accepts?.(call, stdout) === false) return 'the API refused the call'
    return world.leaks === 0 ? 'ok' : 'the placeholder leaked'
  } catch (error) {
    return reasonOf(error)
  } finally {
    await world.stop()
  }
}

/** The last line that says something. */
function reasonOf(error: unknown): string {
  const { stderr = '', message } = error as { readonly stderr?: string; readonly message: string }
  const lines = stderr.split('\n').filter((line) => /error|alert|refused|failed/i.test(line))
  return (lines.at(-1) ?? message).trim().slice(0, 120)
}

function print(all: readonly Result[]): void {
  console.log('| client | way in | call | both secrets valid | current one revoked |')
  console.log('|---|---|---|---|---|')
  for (const { client, way, call, outcomes } of all) {
    console.log(`| ${[client, way, call, ...outcomes].join(' | ')} |`)
  }
  const outcomes = all.flatMap((result) => result.outcomes)
  const passed = outcomes.filter((outcome) => outcome === 'ok').length
  const absent = outcomes.filter((outcome) => outcome.startsWith('no ')).length
  // On a person's machine a runtime may be missing; in CI nothing may.
  const forgiven = process.env['CI'] === undefined ? absent : 0
  const failed = outcomes.length - passed - forgiven
  if (forgiven > 0) console.log(`${forgiven} not tried: a runtime is missing`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1
}
