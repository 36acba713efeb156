import { SeededRandom } from '../fakes/random.ts'
import type { Plan } from './plan.ts'
import { EPOCH_MS } from './world/sim-process.ts'

/** All are over by then, so that what they held up has time before the faults end, in milliseconds. */
const OVER_BY_MS = 120_000

/** The same plan with one to three blackouts. */
export function withBlackouts(plan: Plan): Plan {
  const random = new SeededRandom(plan.seed * 2 + 15_485)
  const blackouts = Array.from({ length: 1 + random.int(3) }, () => {
    const fromMs = random.int(OVER_BY_MS - 5_000)
    const untilMs = Math.min(OVER_BY_MS, fromMs + 5_000 + random.int(60_000))
    return { fromMs: EPOCH_MS + fromMs, untilMs: EPOCH_MS + untilMs }
  })
  return { ...plan, policy: { ...plan.policy, blackouts } }
}
