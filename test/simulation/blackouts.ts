import { SeededRandom } from '../fakes/random.ts'
import type { Plan } from './plan.ts'
import { EPOCH_MS } from './world/sim-process.ts'

/** The same plan with one to three blackouts; all of them are over when the faults end. */
export function withBlackouts(plan: Plan): Plan {
  const random = new SeededRandom(plan.seed * 2 + 15_485)
  const blackouts = Array.from({ length: 1 + random.int(3) }, () => {
    const fromMs = random.int(plan.faultsEndMs - 80_000)
    return { fromMs: EPOCH_MS + fromMs, untilMs: EPOCH_MS + fromMs + 5_000 + random.int(60_000) }
  })
  return { ...plan, policy: { ...plan.policy, blackouts } }
}
