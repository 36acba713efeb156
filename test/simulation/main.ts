import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { addFigures, NO_FIGURES } from './figures.ts'
import type { Figures } from './figures.ts'
import { countCalls, runCampaign, runMutants } from './campaign.ts'
import type { MutantVerdict } from './campaign.ts'
import { loadEngine } from './load-engine.ts'
import { HOSTILE_FROM, drawPlan } from './plan.ts'
import { Pool } from './pool.ts'
import { describeFigures, describeMutants, describeRun } from './report.ts'
import { runPlan } from './run-plan.ts'
import { shrink } from './shrink.ts'
import type { FailedRun, Task } from './tasks.ts'
import { SINGLE_FATES } from './world/network.ts'
import { writeFigures } from './write-figures.ts'

const USAGE = `npm run sim -- [--seeds N [--from S | --fresh]] [--seed S [--mutant NAME]] [--hostile N] [--single-faults] [--pairs N] [--mutants] [--json] [--write]

  --seeds N         runs N seeds under random faults; with --from S (default 1) or from a fresh seed
  --hostile N       the same, and in each of them somebody else creates and revokes secrets too
  --seed S          runs one seed; when it fails, shrinks it and prints its schedule and history
  --single-faults   one fault at every call of every baseline
  --pairs N         two faults at two calls of a baseline, N times
  --production      no faults, the pace of production: what a rotation costs
  --mutants         every seeded bug must break an invariant
  --json            the figures as JSON on stdout
  --write           writes the figures into docs/reliability.md
`

const SEEDS_PER_TASK = 10
const CALLS_PER_TASK = 40
const PRODUCTION_SEEDS = 6

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    from: { type: 'string' },
    fresh: { type: 'boolean' },
    hostile: { type: 'string' },
    mutant: { type: 'string' },
    'single-faults': { type: 'boolean' },
    pairs: { type: 'string' },
    production: { type: 'boolean' },
    mutants: { type: 'boolean' },
    json: { type: 'boolean' },
    write: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})

process.exitCode = await main()

async function main(): Promise<number> {
  if (options.help || Object.keys(options).length === 0) {
    process.stderr.write(USAGE)
    return options.help ? 0 : 2
  }
  if (options.seed !== undefined) return oneSeed(Number(options.seed), options.mutant ?? null)
  const pool = new Pool()
  try {
    return await campaign(pool)
  } finally {
    await pool.close()
  }
}

async function campaign(pool: Pool): Promise<number> {
  const startedMs = performance.now()
  const failed: FailedRun[] = []
  const run = async (name: string, tasks: readonly Task[]): Promise<Figures> => {
    const result = await runCampaign(pool, tasks, name, progress)
    failed.push(...result.failed)
    return result.figures
  }
  const seeds = await run('seeds', seedTasks(options.seeds))
  const hostile = await run('somebody else', seedTasks(options.hostile, HOSTILE_FROM))
  const singleFaults = options['single-faults'] ? singleTasks(await countCalls()) : []
  const singles = await run('single faults', singleFaults)
  const { pairs: count } = options
  const pairFaults = count === undefined ? [] : pairTasks(await countCalls(), Number(count))
  const pairs = await run('pairs of faults', pairFaults)
  const production = await run('production', options.production ? productionTasks() : [])
  const mutants = options.mutants ? await runMutants(pool, progress) : []
  const survivors = mutants.filter((mutant) => mutant.killedBy === null && mutant.maskedBy === null)
  const elapsedMs = performance.now() - startedMs
  if (options.json) {
    const figures = { seeds, hostile, singles, pairs, production, mutants, failed, elapsedMs }
    process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
  } else print({ seeds, hostile, singles, pairs, production }, mutants, failed, elapsedMs)
  const first = failed.find(({ name }) => name.startsWith('seed '))
  if (first !== undefined && !options.json) await oneSeed(Number(first.name.slice(5)), null)
  const good = failed.length === 0 && survivors.length === 0
  if (options.write && good)
    await writeFigures({ seeds, hostile, singles, pairs, production, mutants })
  return good ? 0 : 1
}

function productionTasks(): readonly Task[] {
  return Array.from({ length: PRODUCTION_SEEDS }, (_, n) => ({
    kind: 'production',
    from: n + 1,
    count: 1,
    mutant: null,
    untilFailure: false,
  }))
}

/** None where it was not asked for. */
function seedTasks(asked: string | undefined, after = 0): readonly Task[] {
  if (asked === undefined) return []
  const count = Number(asked)
  const from = after + (options.fresh ? randomInt(1, HOSTILE_FROM / 2) : Number(options.from ?? 1))
  if (options.fresh) process.stderr.write(`fresh seeds from ${from}\n`)
  const tasks: Task[] = []
  for (let done = 0; done < count; done += SEEDS_PER_TASK) {
    tasks.push({
      kind: 'seeds',
      from: from + done,
      count: Math.min(SEEDS_PER_TASK, count - done),
      mutant: null,
      untilFailure: false,
    })
  }
  return tasks
}

function singleTasks(baselines: readonly number[]): readonly Task[] {
  return baselines.flatMap((calls, baseline) =>
    SINGLE_FATES.flatMap((fate) => {
      const starts = Array.from({ length: Math.ceil(calls / CALLS_PER_TASK) }, (_, n) => n)
      return starts.map((n): Task => ({
        kind: 'singles',
        baseline,
        fate,
        from: n * CALLS_PER_TASK,
        count: Math.min(CALLS_PER_TASK, calls - n * CALLS_PER_TASK),
        mutant: null,
        untilFailure: false,
      }))
    }),
  )
}

function pairTasks(calls: readonly number[], count: number): readonly Task[] {
  const starts = Array.from({ length: Math.ceil(count / CALLS_PER_TASK) }, (_, n) => n)
  return starts.map((n): Task => ({
    kind: 'pairs',
    calls,
    from: n * CALLS_PER_TASK + 1,
    count: Math.min(CALLS_PER_TASK, count - n * CALLS_PER_TASK),
    mutant: null,
    untilFailure: false,
  }))
}

async function oneSeed(seed: number, mutant: string | null): Promise<number> {
  const engine = await loadEngine(mutant)
  const run = await runPlan(drawPlan(seed), engine)
  if (run.violations.length === 0) {
    process.stdout.write(`${describeFigures(addFigures(NO_FIGURES, run.figures)).join('\n')}\n`)
    return 0
  }
  const shortest = await shrink(run, (plan) => runPlan(plan, engine))
  process.stdout.write(`${describeRun(shortest).join('\n')}\n`)
  return 1
}

interface Campaigns {
  readonly seeds: Figures
  readonly hostile: Figures
  readonly singles: Figures
  readonly pairs: Figures
  readonly production: Figures
}

function print(
  { seeds, hostile, singles, pairs, production }: Campaigns,
  mutants: readonly MutantVerdict[],
  failed: readonly FailedRun[],
  elapsedMs: number,
): void {
  const lines = [
    ...(seeds.seeds > 0 ? ['random faults', ...describeFigures(seeds)] : []),
    ...(hostile.seeds > 0 ? ['somebody else at the account', ...describeFigures(hostile)] : []),
    ...(singles.seeds > 0 ? ['single faults', ...describeFigures(singles)] : []),
    ...(pairs.seeds > 0 ? ['pairs of faults', ...describeFigures(pairs)] : []),
    ...(production.seeds > 0 ? ['pace of production', ...describeFigures(production)] : []),
    ...(mutants.length > 0 ? describeMutants(mutants) : []),
    ...failed.map(({ name, invariant, detail }) => `FAILED ${name}: ${invariant}: ${detail}`),
    `took ${(elapsedMs / 1000).toFixed(1)} s`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function progress(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r${line}` : `${line}\n`)
}
