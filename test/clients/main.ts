import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { CLIENTS } from './clients.ts'
import { install } from './install.ts'
import { freePorts } from '../free-ports.ts'
import { type Result, runTrial, type Trial } from './run-client.ts'
import { countsOf, fullTable, failuresOf } from './tables.ts'
import type { Ports } from './ways.ts'
import { World } from './world.ts'
import { writeDocs } from './write-docs.ts'

/**
 * `npm run test:clients -- [--ci] [--only NAME] [--write]`: real, unmodified clients with a placeholder instead of the
 * secret, against local services, each over the ways in that it has; every call again with the current secret revoked.
 * A table, and `N passed, N failed`. `--ci`: every client over its main way only. `--write`: into the documentation.
 */
const LANES = Math.max(2, availableParallelism())
const PORTS_PER_WORLD = 8
/** How long what a broken run has left open may keep the process alive. */
const END_MAX_MS = 10_000

const { values } = parseArgs({
  options: {
    ci: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
})
if (values.write && (values.ci || values.only !== '')) {
  throw new Error('--write takes every client and every way')
}

const startedMs = performance.now()
const runtimes = await install()
const installedMs = performance.now()
const chosen = trials()
const results = await runAll(chosen.filter(({ client }) => runtimes.has(client.runtime)))
const seconds = (fromMs: number, toMs: number) => Math.round((toMs - fromMs) / 1000)
const endedMs = performance.now()
report()
setTimeout(() => process.exit(), END_MAX_MS).unref()

function trials(): readonly Trial[] {
  return CLIENTS.filter(({ name, runtime }) =>
    `${name} (${runtime})`.includes(values.only),
  ).flatMap((client) =>
    client.ways
      .slice(0, values.ci ? 1 : undefined)
      .flatMap((way) => client.calls.map((call) => ({ client, way, call }))),
  )
}

/** In the order of the trials, whichever ends first. */
async function runAll(all: readonly Trial[]): Promise<readonly Result[]> {
  const done = new Map<Trial, Result>()
  const queue = all.values()
  const worlds = await raiseWorlds()
  try {
    await Promise.all(
      worlds.map(async (world) => {
        for (const trial of queue) done.set(trial, await runTrial(trial, world))
      }),
    )
  } finally {
    for (const world of worlds) world.remove()
  }
  return all.flatMap((trial) => done.get(trial) ?? [])
}

async function raiseWorlds(): Promise<readonly World[]> {
  const free = await freePorts(LANES * PORTS_PER_WORLD)
  return Array.from({ length: LANES }, (_none, lane) => {
    const own = free.slice(lane * PORTS_PER_WORLD, (lane + 1) * PORTS_PER_WORLD)
    const [proxy = 0, admin = 0, tls = 0, rest = 0, api = 0, twilio = 0, stripe = 0, openai = 0] =
      own
    const ports: Ports = { proxy, admin, tls, rest, api, twilio, stripe, openai }
    return new World(ports)
  })
}

function report(): void {
  console.log(fullTable(chosen, results, runtimes))
  const { passed, failed, missing } = countsOf(chosen, results)
  const took = `installed in ${seconds(startedMs, installedMs)} s, ran in ${seconds(installedMs, endedMs)} s`
  console.log(`\n${took}`)
  for (const failure of failuresOf(results)) console.log(failure)
  // On a person's machine a runtime may be missing; in CI nothing may.
  const isFailure = missing > 0 && (process.env['CI'] ?? '') !== ''
  if (missing > 0) console.log(`${missing} not tried: a runtime is missing`)
  const failures = failed + (isFailure ? missing : 0)
  if (values.write && failed + missing === 0) {
    for (const file of writeDocs(results, runtimes, seconds(startedMs, endedMs)))
      console.log(`wrote ${file}`)
  }
  console.log(`${passed} passed, ${failures} failed`)
  process.exitCode = failures === 0 && passed > 0 ? 0 : 1
}
