import type { Plan } from './plan.ts'
import { withStagedPromotion } from './staged-promotion.ts'

const BASE: Plan = {
  seed: 1,
  replicas: 2,
  policy: {
    everyMs: 35_000,
    jitterRatio: 0.1,
    drainMs: 3_000,
    standby: 'hot',
    revokeBootstrap: 'auto',
    memberSilentMs: 30_000,
    windows: [],
    blackouts: [],
  },
  managedBy: false,
  services: 2,
  createLagMaxMs: 2_000,
  revokeLagMaxMs: 2_000,
  listStaleMaxMs: 0,
  duplicate: 'refused',
  fullFirst: true,
  hiddenService: false,
  proofOfDeathMs: 5_000,
  skewMaxMs: 0,
  requestEveryMs: 500,
  faultsEndMs: 80_000,
  faults: [],
}

/** A primary and a secondary that are due together, once: each call costs runs, and there are twice as many. */
const FAMILY: Plan = {
  ...BASE,
  seed: 6,
  replicas: 1,
  faultsEndMs: 50_000,
  secondaries: [{ ...BASE, policy: { ...BASE.policy, standby: 'none' } }],
}

/**
 * Without faults, at the pace of production: what a rotation costs when nothing goes wrong. One provider's example allows
 * 30 management calls an hour.
 */
export function productionPlan(seed: number): Plan {
  return {
    ...BASE,
    seed,
    replicas: 3,
    policy: { ...BASE.policy, everyMs: 7_200_000, drainMs: 3_600_000, memberSilentMs: 300_000 },
    createLagMaxMs: 30_000,
    revokeLagMaxMs: 30_000,
    listStaleMaxMs: 3_000,
    requestEveryMs: 10_000,
    budget: { perRotationMax: 10, perHourMax: 30 },
    faultsEndMs: 4 * 7_200_000,
  }
}

/** The runs without a fault in which each call, one after the other, is singled out. */
export function singlePlans(): readonly Plan[] {
  const none = { ...BASE.policy, standby: 'none' } as const
  return [
    BASE,
    { ...BASE, seed: 2, policy: none },
    {
      ...BASE,
      seed: 3,
      replicas: 1,
      duplicate: 'created',
      fullFirst: false,
      listStaleMaxMs: 3_000,
    },
    { ...BASE, seed: 4, managedBy: true },
    withStagedPromotion({ ...BASE, seed: 5 }),
    FAMILY,
  ]
}
