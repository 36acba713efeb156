import { addFigures, NO_FIGURES } from './figures.ts'
import type { Figures } from './figures.ts'
import { loadEngine } from './load-engine.ts'
import { MUTANTS } from './mutants.ts'
import { staleTexts } from './mutant-loader.ts'
import type { Pool } from './pool.ts'
import { runPlan } from './run-plan.ts'
import { singlePlans } from './single-faults.ts'
import type { FailedRun, Task, TaskResult } from './tasks.ts'

/** Seeds that a mutant gets before it counts as a survivor. */
const MUTANT_SEEDS_MAX = 1_000
const PROGRESS_EVERY = 25

export interface MutantVerdict {
  readonly name: string
  readonly story: string
  /** The run that saw it; null: no run did. */
  readonly killedBy: FailedRun | null
  /** The unit test that sees it, where the other defences hide it from every run. */
  readonly maskedBy: string | null
}

/** Runs tasks on all cores and adds up what they did. */
export async function runCampaign(
  pool: Pool,
  tasks: readonly Task[],
  title: string,
  progress: (line: string) => void,
): Promise<TaskResult> {
  let figures: Figures = NO_FIGURES
  const failed: FailedRun[] = []
  let done = 0
  await pool.run(tasks, (_, result) => {
    figures = addFigures(figures, result.figures)
    failed.push(...result.failed)
    done++
    if (done % PROGRESS_EVERY === 0 || done === tasks.length) {
      progress(`${title}: ${figures.seeds} runs, ${failed.length} failed`)
    }
  })
  return { figures, failed }
}

/** Each mutant under the same seeds, until one kills it. */
export async function runMutants(
  pool: Pool,
  progress: (line: string) => void,
): Promise<readonly MutantVerdict[]> {
  const stale = MUTANTS.flatMap(({ name, patches }) =>
    staleTexts(patches).map((text) => `${name}: ${text}`),
  )
  if (stale.length > 0) throw new Error(`mutants that no longer apply:\n${stale.join('\n')}`)
  const tasks = MUTANTS.map((mutant): Task => ({
    kind: mutant.seenBy ?? 'seeds',
    from: 1,
    count: mutant.maskedBy === null ? MUTANT_SEEDS_MAX : 0,
    mutant: mutant.name,
    untilFailure: true,
  }))
  const verdicts = new Map<string | null, FailedRun | null>()
  await pool.run(tasks, (task, result) => {
    const killer = result.failed[0] ?? null
    verdicts.set(task.mutant, killer)
    progress(`mutant ${task.mutant}: ${killer?.name ?? 'not killed'}`)
  })
  return MUTANTS.map(({ name, story, maskedBy }) => ({
    name,
    story,
    maskedBy,
    killedBy: verdicts.get(name) ?? null,
  }))
}

/** How many calls each baseline makes: as many places for a single fault. */
export async function countCalls(): Promise<readonly number[]> {
  const engine = await loadEngine(null)
  const counts: number[] = []
  for (const plan of singlePlans()) {
    const run = await runPlan(plan, { ...engine, nameCalls: true })
    const first = run.violations[0]
    if (first !== undefined)
      throw new Error(`the baseline breaks ${first.invariant}: ${first.detail}`)
    counts.push(run.calls.length)
  }
  return counts
}
