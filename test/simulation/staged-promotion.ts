import { SeededRandom } from '../fakes/random.ts'
import type { Plan } from './plan.ts'
import type { Fault } from './world/faults.ts'

/**
 * The same plan with a staged promotion, an app that uses a service which no probe asks, and now and then a version that
 * only this service refuses. Where operators or others meddle there is none of those: an emergency does not wait for what
 * a staged promotion would find.
 */
export function withStagedPromotion(plan: Plan): Plan {
  const random = new SeededRandom(plan.seed * 2 + 104_729)
  const pick = <T>(choices: readonly T[]): T => choices[random.int(choices.length)]!
  const stagedPromotion = {
    share: pick([0.2, 0.3, 0.5]),
    forMs: pick([6_000, 10_000, 15_000]),
    refusalsMaxRatio: pick([0.01, 0.1]),
  }
  const meddled = plan.faults.some(({ kind }) => MEDDLING.has(kind))
  const times = meddled ? 0 : random.int(3)
  const odd = Array.from({ length: times }, (): Fault => ({
    kind: 'half-refused',
    atMs: random.int(plan.faultsEndMs - 60_000),
  }))
  return {
    ...plan,
    policy: { ...plan.policy, stagedPromotion },
    hiddenService: true,
    faults: [...plan.faults, ...odd].toSorted((a, b) => a.atMs - b.atMs),
  }
}

const MEDDLING: ReadonlySet<Fault['kind']> = new Set([
  'foreign-create',
  'foreign-revoke',
  'operator',
  'late-and-abort',
])
