import { ABSENCE_PERSIST_MS } from '../../src/kernel/limits.ts'
import { checkHistory } from '../simulation/check-history.ts'
import type { History } from '../simulation/history.ts'
import { DRAIN_MS, type Lane } from './lane.ts'
import { type Disturbance, SkippedError, type Stage, type Trial } from './trial.ts'

/** The promise: at rest again within this time. */
export const CONVERGE_MAX_MS = 120_000
/** A request reaches the provider, and its journal, this much after Sidekey counted it. */
const QUIET_TOLERANCE_MS = 350

/** What became of one trial. */
export interface TrialResult {
  readonly group: Trial['group']
  readonly name: string
  readonly killed: boolean
  /** From the end of the disturbance (the death, where something was killed) to rest; null: not in time. */
  readonly convergedMs: number | null
  readonly requests: number
  readonly failed: number
  readonly onTheWire: number
  readonly lost: number
  readonly liveMin: number
  readonly liveMax: number
  readonly rotations: number
  /** What was broken, one sentence each. */
  readonly broken: readonly string[]
  /** Why it was not run. */
  readonly skipped: string | null
}

/** Disturbs a lane that is at rest, waits until it is at rest again, and holds all that happened against the invariants. */
export async function runTrial(stage: Stage, trial: Trial): Promise<TrialResult> {
  const { lane } = stage
  const { app, witness } = lane
  if (trial.empty !== true) await lane.until(() => lane.isAtRest(0), CONVERGE_MAX_MS)
  const before = { sent: app.sent, failed: app.failed, wire: app.onTheWire }
  const rotationsBefore = witness.rotations
  const leaksBefore = lane.leaks.length
  witness.begin()
  const broken: string[] = []
  let skipped: string | null = null
  let ended: Disturbance | null = null
  try {
    ended = await trial.disturb(stage)
  } catch (error) {
    if (error instanceof SkippedError) skipped = error.message
    else broken.push(error instanceof Error ? error.message : String(error))
  }
  const convergedMs = ended === null ? null : await converge(lane, ended)
  await trial.undo?.(stage)
  await app.settle()
  await lane.searchPages().catch((error: unknown) => broken.push(`pages: ${String(error)}`))
  const lost = witness.lost()
  const history = witness.history()
  if (skipped === null) {
    broken.push(...violationsOf(history, trial), ...shortDrains(lane))
    broken.push(...lost.map((secretId) => `${secretId} is live and its value lost`))
    const failed = app.failed - before.failed
    if (failed > 0) broken.push(...app.failures.slice(-failed).map(({ what }) => `failed: ${what}`))
    broken.push(...lane.leaks.slice(leaksBefore).map((where) => `a secret in ${where}`))
    if (convergedMs === null) broken.push(await whereItStands(lane))
  }
  return {
    group: trial.group,
    name: trial.name,
    killed: ended?.killed ?? false,
    convergedMs,
    requests: app.sent - before.sent,
    failed: app.failed - before.failed,
    onTheWire: app.onTheWire - before.wire,
    lost: lost.length,
    ...liveRange(history),
    rotations: witness.rotations - rotationsBefore,
    broken: [...new Set(broken)],
    skipped,
  }
}

async function converge(
  lane: Lane,
  { endedAtMs, generation }: Disturbance,
): Promise<number | null> {
  lane.witness.add({ kind: 'faults-ended', atMs: endedAtMs })
  const leftMs = CONVERGE_MAX_MS - (Date.now() - endedAtMs)
  if (!(await lane.until(() => lane.isAtRest(generation), leftMs))) return null
  const atMs = Date.now()
  lane.witness.add({ kind: 'converged', atMs })
  return atMs - endedAtMs
}

function violationsOf(history: History, { foreign = false }: Trial): readonly string[] {
  const terms = {
    drainMs: DRAIN_MS,
    absenceMs: ABSENCE_PERSIST_MS,
    convergeMs: CONVERGE_MAX_MS,
    toleranceMs: QUIET_TOLERANCE_MS,
    stagedPromotion: null,
    blackouts: [],
    budget: null,
    revokeBootstrap: 'auto' as const,
    foreign,
    managerStopped: false,
  }
  const violations = checkHistory(history, terms)
  return violations.map(({ invariant, detail }) => `${invariant}: ${detail}`)
}

function shortDrains({ witness }: Lane): readonly string[] {
  return witness.shortDrains
    .filter(({ quietMs }) => quietMs < DRAIN_MS - QUIET_TOLERANCE_MS)
    .map(({ secretId, quietMs }) => `${secretId} was revoked ${quietMs} ms after its last use`)
}

function liveRange({ events }: History): { readonly liveMin: number; readonly liveMax: number } {
  const live = new Set<string>()
  let liveMin = Infinity
  let liveMax = 0
  const beginsAtMs = events[0]?.atMs ?? 0
  for (const event of events) {
    if (event.kind === 'created') live.add(event.secretId)
    else if (event.kind === 'revoked') live.delete(event.secretId)
    // The first millisecond creates what was live already.
    if (event.atMs > beginsAtMs) liveMin = Math.min(liveMin, live.size)
    liveMax = Math.max(liveMax, live.size)
  }
  return { liveMin, liveMax }
}

async function whereItStands({ witness, running }: Lane): Promise<string> {
  const record = witness.records.latest?.record
  const live = witness.live().length
  if (record === undefined) return `not at rest: no record, ${live} live`
  const said = await running[0]?.process
    .api('GET', '/api/credentials/vonage')
    .catch((error: unknown) => ({ text: String(error) }))
  return `not at rest: ${record.phase}, ${live} live: ${said?.text ?? 'no Sidekey runs'}`
}
