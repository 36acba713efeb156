import { ABSENCE_PERSIST_MS } from '../../src/kernel/limits.ts'
import { checkHistory } from './check-history.ts'
import type { Violation } from './check-history.ts'
import type { Engine } from './engine.ts'
import { figuresOf } from './figures.ts'
import type { Figures } from './figures.ts'
import type { History } from './history.ts'
import { type Plan, restingPhase } from './plan.ts'
import type { ArmedFault } from './world/network.ts'
import type { StoreDefects } from './world/sim-store-state.ts'
import { World } from './world/world.ts'

/** The promise: at rest again this long after the last fault, in milliseconds. */
export const CONVERGE_MS = 120_000
/** Where somebody else meddled, a new id first has the propagation time to prove that it is ours, in milliseconds. */
const CONVERGE_FOREIGN_MS = 300_000
const LOOK_EVERY_MS = 500
const RETRY_EVERY_MS = 20_000
/** The last attempt of the operator gets this long to show its effect, in milliseconds. */
const RETRY_BEFORE_MS = 15_000

export interface RunOptions {
  readonly engine: Engine
  readonly defects?: StoreDefects
  /** Singles out calls of the run. */
  readonly armed?: readonly ArmedFault[]
  /** Keeps the names of all calls, in their order. */
  readonly nameCalls?: boolean
}

export interface Run {
  readonly plan: Plan
  readonly history: History
  readonly violations: readonly Violation[]
  readonly figures: Figures
  /** By index, when they were asked for. */
  readonly calls: readonly string[]
}

/** Lives one plan to its end and holds its history against the ten invariants. */
export async function runPlan(plan: Plan, options: RunOptions): Promise<Run> {
  const world = new World(plan, options.engine, options.defects)
  world.network.armed = options.armed ?? []
  if (options.nameCalls === true) world.network.names = []
  world.start()
  await world.time.run(plan.faultsEndMs)
  const foreign = plan.faults.some(({ kind }) => kind.startsWith('foreign'))
  // A drain at the pace of production lasts an hour by itself.
  const drainMs = plan.policy.drainMs > CONVERGE_MS ? 2 * plan.policy.drainMs : 0
  const convergeMs = drainMs + (foreign ? CONVERGE_FOREIGN_MS : CONVERGE_MS)
  await converge(world, plan, convergeMs)
  const violations = checkHistory(world.history, {
    drainMs: plan.policy.drainMs,
    absenceMs: ABSENCE_PERSIST_MS,
    convergeMs,
    toleranceMs: toleranceMs(plan),
    foreign,
    stagedPromotion: plan.policy.stagedPromotion ?? null,
    blackouts: plan.policy.blackouts,
    budget: plan.budget ? { ...plan.budget, restingPhase: restingPhase(plan) } : null,
    revokeBootstrap: plan.policy.revokeBootstrap,
  })
  return {
    plan,
    history: world.history,
    violations,
    figures: figuresOf(world, plan, violations),
    calls: world.network.names ?? [],
  }
}

/** How far two clocks may be apart; after a jump nothing can be said of instants that replicas report. */
function toleranceMs({ faults, skewMaxMs }: Plan): number {
  return faults.some(({ kind }) => kind === 'skew') ? Infinity : 2 * skewMaxMs + 1_000
}

/** Runs on until everything is at rest, or the time that is allowed for it is over. */
async function converge(world: World, plan: Plan, convergeMs: number): Promise<void> {
  const deadlineMs = plan.faultsEndMs + convergeMs
  let retryAtMs = plan.faultsEndMs + RETRY_EVERY_MS
  while (world.time.nowMs < deadlineMs) {
    if (atRest(world, plan)) {
      world.history.add({ kind: 'converged', atMs: world.time.nowMs })
      return
    }
    // An operator's pause may have been carried out late, by a process that stood still.
    if (world.store.stored?.record.paused === true) world.operate({ kind: 'resume' })
    const tooLate = world.time.nowMs > deadlineMs - RETRY_BEFORE_MS
    if (!tooLate && world.time.nowMs >= retryAtMs && world.store.stored?.record.blocked) {
      world.operate({ kind: 'retry' })
      retryAtMs = world.time.nowMs + RETRY_EVERY_MS
    }
    if (world.time.nowMs >= retryAtMs && plan.policy.revokeBootstrap === 'confirm') {
      world.consent()
      retryAtMs = world.time.nowMs + RETRY_EVERY_MS
    }
    await world.time.run(Math.min(deadlineMs, world.time.nowMs + LOOK_EVERY_MS), () =>
      atRest(world, plan),
    )
  }
}

/** The record rests, and the truth at the provider is what it says. */
function atRest(world: World, plan: Plan): boolean {
  const record = world.store.stored?.record
  if (record === undefined || record.blocked !== null || record.emergency !== null) return false
  if (record.phase !== restingPhase(plan)) return false
  // A standby that somebody else ended is found by the next look at the list, some minutes later.
  const foreign = plan.faults.some(({ kind }) => kind === 'foreign-revoke')
  const versions = foreign ? [record.current] : [record.current, record.pending]
  const offered = versions.filter((version) => version !== null)
  if (!offered.every(({ value }) => world.account.acceptedEverywhere(value.expose()))) return false
  const known = [record.current, record.pending].map((version) => version?.value.expose())
  return world.account.live().every((one) => one.by === 'foreign' || known.includes(one.value))
}
