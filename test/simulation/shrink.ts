import type { Run } from './run-plan.ts'
import type { Plan } from './plan.ts'

/** Runs that shrinking may take, so that a failure is printed in seconds. */
const RUNS_MAX = 200

/**
 * The smallest plan found that still breaks the same invariant: faults are left out one after the other, then replicas and
 * the provider's habits are made simpler, as long as it stays broken.
 */
export async function shrink(failing: Run, run: (plan: Plan) => Promise<Run>): Promise<Run> {
  const invariant = failing.violations[0]?.invariant
  let best = failing
  let runs = 0
  const tryPlan = async (plan: Plan): Promise<boolean> => {
    if (runs++ >= RUNS_MAX) return false
    const result = await run(plan)
    if (!result.violations.some((violation) => violation.invariant === invariant)) return false
    best = result
    return true
  }
  for (let progress = true; progress && runs < RUNS_MAX;) {
    progress = false
    for (let index = best.plan.faults.length - 1; index >= 0; index--) {
      const faults = best.plan.faults.filter((_, at) => at !== index)
      if (await tryPlan({ ...best.plan, faults })) progress = true
    }
  }
  const [only] = best.plan.secondaries ?? []
  if (only !== undefined) await tryPlan({ ...best.plan, secondaries: [only] })
  for (const simpler of SIMPLER) await tryPlan({ ...best.plan, ...simpler })
  return best
}

const SIMPLER: readonly Partial<Plan>[] = [
  { replicas: 1 },
  { replicas: 2 },
  { services: 1 },
  { createLagMaxMs: 0 },
  { revokeLagMaxMs: 0 },
  { listStaleMaxMs: 0 },
  { skewMaxMs: 0 },
  { managedBy: false },
  { secondaries: [] },
  { duplicate: 'refused' },
]
