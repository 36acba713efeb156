import { ABSENCE_PERSIST_MS } from '../../src/kernel/limits.ts'
import { checkHistory } from './check-history.ts'
import type { Violation } from './check-history.ts'
import type { Engine } from './engine.ts'
import { figuresOf } from './figures.ts'
import type { Figures } from './figures.ts'
import type { History } from './history.ts'
import { checkFamily } from './invariants-family.ts'
import { type Plan, restingPhase } from './plan.ts'
import type { ArmedFault } from './world/network.ts'
import type { SimCredential } from './world/sim-credential.ts'
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
  /** By credential, the primary first. */
  readonly histories: ReadonlyMap<string, History>
  readonly violations: readonly Violation[]
  readonly figures: Figures
  /** By index, when they were asked for. */
  readonly calls: readonly string[]
}

/** Lives one plan to its end and holds its histories against the ten invariants. */
export async function runPlan(plan: Plan, options: RunOptions): Promise<Run> {
  const world = new World(plan, options.engine, options.defects)
  world.network.armed = options.armed ?? []
  if (options.nameCalls === true) world.network.names = []
  world.start()
  await world.time.run(plan.faultsEndMs)
  // A drain at the pace of production lasts an hour by itself.
  const drainMs = plan.policy.drainMs > CONVERGE_MS ? 2 * plan.policy.drainMs : 0
  const convergeMs = drainMs + (isMeddledWith(plan) ? CONVERGE_FOREIGN_MS : CONVERGE_MS)
  await converge(world, plan, convergeMs)
  const violations = violationsOf(world, plan, convergeMs)
  return {
    plan,
    histories: new Map(world.credentials.map((one) => [one.credentialId, one.history])),
    violations,
    figures: figuresOf(world, plan, violations),
    calls: world.network.names ?? [],
  }
}

/** Somebody else made or ended secrets. */
function isMeddledWith({ faults }: Plan): boolean {
  return faults.some(({ kind }) => kind.startsWith('foreign'))
}

function isBlocked(history: History | undefined): boolean {
  const last = history?.events.findLast((event) => event.kind === 'record')
  return last !== undefined && last.record.blocked !== null
}

/** Of every account by itself, and of the primary and its secondaries together; the earliest first. */
function violationsOf(world: World, plan: Plan, convergeMs: number): readonly Violation[] {
  const [primary, ...secondaries] = world.credentials
  const found = world.credentials.flatMap(({ history, plan: { policy }, credentialId }) => {
    const violations = checkHistory(history, {
      drainMs: policy.drainMs,
      absenceMs: ABSENCE_PERSIST_MS,
      convergeMs,
      toleranceMs: toleranceMs(plan),
      foreign: isMeddledWith(plan),
      managerStopped: credentialId !== primary?.credentialId && isBlocked(primary?.history),
      stagedPromotion: policy.stagedPromotion ?? null,
      blackouts: policy.blackouts,
      budget: plan.budget ? { ...plan.budget, restingPhase: restingPhase(plan) } : null,
      revokeBootstrap: policy.revokeBootstrap,
    })
    if (secondaries.length === 0) return violations
    return violations.map((one) => ({ ...one, detail: `${credentialId}: ${one.detail}` }))
  })
  const histories = secondaries.map(({ history }) => history)
  const together = primary === undefined ? [] : checkFamily(primary.history, histories)
  return [...found, ...together].toSorted((a, b) => a.atMs - b.atMs)
}

/** How far two clocks may be apart; after a jump nothing can be said of instants that replicas report. */
function toleranceMs({ faults, skewMaxMs }: Plan): number {
  return faults.some(({ kind }) => kind === 'skew') ? Infinity : 2 * skewMaxMs + 1_000
}

/** Runs on until every account was at rest once, or the time that is allowed for it is over. */
async function converge(world: World, plan: Plan, convergeMs: number): Promise<void> {
  const deadlineMs = plan.faultsEndMs + convergeMs
  const waiting = new Set(world.credentials)
  const retryAtMs = new Map<SimCredential, number>()
  const ended = plan.faults.some(({ kind }) => kind === 'foreign-revoke')
  const rests = (one: SimCredential): boolean => atRest(one, ended)
  while (world.time.nowMs < deadlineMs) {
    for (const one of [...waiting].filter(rests)) {
      one.history.add({ kind: 'converged', atMs: world.time.nowMs })
      waiting.delete(one)
    }
    if (waiting.size === 0) return
    const tooLate = world.time.nowMs > deadlineMs - RETRY_BEFORE_MS
    for (const one of waiting) {
      // An operator's pause may have been carried out late, by a process that stood still.
      if (one.store.stored?.record.paused === true) world.operate(one, { kind: 'resume' })
      if (world.time.nowMs < (retryAtMs.get(one) ?? plan.faultsEndMs + RETRY_EVERY_MS)) continue
      const blocked = !tooLate && one.store.stored?.record.blocked
      const asks = one.plan.policy.revokeBootstrap === 'confirm'
      if (!blocked && !asks) continue
      if (blocked) world.operate(one, { kind: 'retry' })
      else world.consent(one)
      retryAtMs.set(one, world.time.nowMs + RETRY_EVERY_MS)
    }
    const untilMs = Math.min(deadlineMs, world.time.nowMs + LOOK_EVERY_MS)
    await world.time.run(untilMs, () => [...waiting].some(rests))
  }
}

/** The record rests, and the truth at the provider is what it says. */
function atRest({ store, account, plan }: SimCredential, ended: boolean): boolean {
  const record = store.stored?.record
  if (record === undefined || record.blocked !== null || record.emergency !== null) return false
  if (record.phase !== restingPhase(plan)) return false
  // A standby that somebody else ended is found by the next look at the list, some minutes later.
  const versions = ended ? [record.current] : [record.current, record.pending]
  const offered = versions.filter((version) => version !== null)
  if (!offered.every(({ value }) => account.acceptedEverywhere(value.expose()))) return false
  const known = [record.current, record.pending].map((version) => version?.value.expose())
  return account.live().every((one) => one.by === 'foreign' || known.includes(one.value))
}
