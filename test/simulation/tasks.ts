import { loadEngine } from './load-engine.ts'
import { addFigures, NO_FIGURES } from './figures.ts'
import type { Figures } from './figures.ts'
import { drawPlan, familySeed } from './plan.ts'
import { runPlan } from './run-plan.ts'
import type { Run } from './run-plan.ts'
import { productionPlan, singlePlans } from './single-faults.ts'
import { SeededRandom } from '../fakes/random.ts'
import { type Fate, SINGLE_FATES } from './world/network.ts'

/** A piece of work for one thread. */
export type Task =
  /** Seeds from `from`, `count` of them; ends at the first failure when `untilFailure`. */
  | {
      readonly kind: 'seeds'
      readonly from: number
      readonly count: number
      readonly mutant: string | null
      readonly untilFailure: boolean
    }
  /** The same of those alone that have secondaries, by their number. */
  | {
      readonly kind: 'families'
      readonly from: number
      readonly count: number
      readonly mutant: string | null
      readonly untilFailure: boolean
    }
  /** Seeds without faults at the pace of production. */
  | {
      readonly kind: 'production'
      readonly from: number
      readonly count: number
      readonly mutant: string | null
      readonly untilFailure: boolean
    }
  /** One fault at each of these calls of a baseline. */
  | {
      readonly kind: 'singles'
      readonly baseline: number
      readonly fate: Fate
      readonly from: number
      readonly count: number
      readonly mutant: string | null
      readonly untilFailure: boolean
    }
  /** Two faults at two calls of a baseline, all drawn from the number of the pair. */
  | {
      readonly kind: 'pairs'
      /** How many calls each baseline makes. */
      readonly calls: readonly number[]
      readonly from: number
      readonly count: number
      readonly mutant: null
      readonly untilFailure: boolean
    }

export interface FailedRun {
  /** Such as `seed 17` or `hot: lose-answer at call 40 (create)`. */
  readonly name: string
  readonly invariant: string
  readonly detail: string
}

export interface TaskResult {
  readonly figures: Figures
  readonly failed: readonly FailedRun[]
}

/** Runs a task to its end. */
export async function runTask(task: Task): Promise<TaskResult> {
  const engine = await loadEngine(task.mutant)
  const healthy = task.mutant === null ? null : await loadEngine(null)
  let figures = NO_FIGURES
  const failed: FailedRun[] = []
  for (let index = task.from; index < task.from + task.count; index++) {
    const { name, run } = await runOne(task, index, engine)
    figures = addFigures(figures, run.figures)
    const first = run.violations[0]
    if (first === undefined) continue
    // A kill counts only where the healthy engine passes.
    if (healthy !== null && (await runOne(task, index, healthy)).run.violations.length > 0) continue
    failed.push({ name, invariant: first.invariant, detail: first.detail })
    if (task.untilFailure) break
  }
  return { figures, failed }
}

async function runOne(
  task: Task,
  index: number,
  engine: Awaited<ReturnType<typeof loadEngine>>,
): Promise<{ name: string; run: Run }> {
  if (task.kind === 'seeds' || task.kind === 'families') {
    const seed = task.kind === 'seeds' ? index : familySeed(index)
    return { name: `seed ${seed}`, run: await runPlan(drawPlan(seed), engine) }
  }
  if (task.kind === 'production') {
    return { name: `production ${index}`, run: await runPlan(productionPlan(index), engine) }
  }
  if (task.kind === 'pairs') return runPair(task.calls, index, engine)
  const plan = singlePlans()[task.baseline]!
  const armed = [{ index, fate: task.fate }]
  const run = await runPlan(plan, { ...engine, armed, nameCalls: true })
  const name = `baseline ${task.baseline}: ${task.fate} at call ${index} (${run.calls[index]})`
  return { name, run }
}

async function runPair(
  calls: readonly number[],
  number: number,
  engine: Awaited<ReturnType<typeof loadEngine>>,
): Promise<{ name: string; run: Run }> {
  const random = new SeededRandom(number * 2 + 31_337)
  const baseline = random.int(calls.length)
  const armed = [0, 1].map(() => ({
    index: random.int(calls[baseline]!),
    fate: SINGLE_FATES[random.int(SINGLE_FATES.length)]!,
  }))
  const run = await runPlan(singlePlans()[baseline]!, { ...engine, armed, nameCalls: true })
  const faults = armed.map(({ index, fate }) => `${fate} at call ${index} (${run.calls[index]})`)
  return { name: `pair ${number}, baseline ${baseline}: ${faults.join(', ')}`, run }
}
