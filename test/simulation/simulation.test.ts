import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { KEPT_SEEDS } from './kept-seeds.ts'
import { loadEngine } from './load-engine.ts'
import { drawPlan } from './plan.ts'
import { hashHistory } from './history.ts'
import { runPlan } from './run-plan.ts'

/** Fresh seeds of one run of the suite; `.ci/run` asks for more. */
const FRESH_SEEDS = process.env['SIM_SEEDS'] ?? '300'
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

/** The command of the simulation, in a process of its own: all cores, and mutants by text replacement. */
async function sim(...args: readonly string[]): Promise<void> {
  const run = promisify(execFile)(process.execPath, [MAIN, ...args], { maxBuffer: 2 ** 26 })
  const failure = await run.then(
    () => null,
    (error: { stdout?: string; stderr?: string }) => `${error.stderr}\n${error.stdout}`,
  )
  expect(failure).toBeNull()
}

test('the same seed gives the same history', async () => {
  const engine = await loadEngine(null)
  const hash = async (seed: number): Promise<string> => {
    const { histories } = await runPlan(drawPlan(seed), engine)
    return [...histories.values()].map(hashHistory).join(' ')
  }
  // 9 has secondaries.
  for (const seed of [3, 5, 8, 9]) expect(await hash(seed)).toBe(await hash(seed))
  expect(await hash(3)).not.toBe(await hash(5))
})

test.each(KEPT_SEEDS)('kept seed $seed holds: $story', async ({ seed }) => {
  const run = await runPlan(drawPlan(seed), await loadEngine(null))
  expect(run.violations).toEqual([])
})

test('fresh seeds hold the ten invariants', () => sim('--fresh', '--seeds', FRESH_SEEDS))

test('fresh seeds with somebody else at the account hold the ten invariants', () =>
  sim('--fresh', '--hostile', FRESH_SEEDS))

test('a single fault at every call holds the ten invariants', () => sim('--single-faults'))

test('every mutant dies', () => sim('--mutants'))
