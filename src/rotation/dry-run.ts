import { type CredentialRecord, type Stage, assertCredential } from '../kernel/credential.ts'
import { CommandRefusedError } from '../kernel/errors.ts'
import type { DryRun, DryRunStep } from '../kernel/ports/rotation-control.ts'
import type { Member } from '../kernel/ports/store.ts'
import { carryOut } from './commands.ts'
import type { RotatorDeps } from './context.ts'
import { ImaginedProvider } from './imagined-provider.ts'
import { type Observation, nothingSeen } from './observation.ts'
import { plan } from './plan.ts'
import { type Roster, readRoster, sawRoster } from './roster.ts'
import type { Step } from './step.ts'
import { takeStep } from './take-step.ts'

/** More would be a loop, such as a provider that gives no verdict. */
const STEPS_MAX = 400
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Where a dry run has got to. */
interface Scene {
  readonly record: CredentialRecord
  readonly seen: Observation
  readonly nowMs: number
}

/**
 * What a rotation would do if it was asked for now: the plan itself, over a copy of the record, with a provider whose
 * changes are imagined, replicas that follow at once and waits that pass at once.
 * @throws CommandRefusedError `command-refused` a rotation would be refused, or nothing is stored yet
 */
export async function dryRun(real: RotatorDeps, emergency: boolean): Promise<DryRun> {
  const stored = await real.store.read(real.credentialId)
  if (stored === null) throw new CommandRefusedError('nothing is recorded yet; try again')
  const roster = await readRoster(real.store, real.credentialId)
  const startMs = real.clock.now()
  const steering = { record: stored.record, known: null, nowMs: startMs }
  const asked = await carryOut(real, steering, { kind: 'rotate', emergency })
  const provider = new ImaginedProvider(real.provider, asked)
  const deps = imagined(real, provider)
  const { generation } = stored.record.current
  const steps: DryRunStep[] = []
  let scene: Scene = {
    record: asked,
    seen: sawRoster(nothingSeen(startMs), roster, startMs),
    nowMs: startMs,
  }
  for (let count = 0; count < STEPS_MAX; count++) {
    const { record, seen, nowMs } = scene
    const step = plan(record, seen, { policy: real.policy, traits: provider.traits }, nowMs)
    if (step.kind === 'block') return { steps, stopsFor: `${step.reason}: ${step.detail}` }
    if (step.kind === 'wait' && step.reason === 'not-due') {
      const moved = record.current.generation > generation || asked === stored.record
      return { steps, stopsFor: moved ? null : step.reason }
    }
    tell(steps, scene, step, startMs)
    provider.record = record
    scene = step.kind === 'wait' ? passWait(scene, step, roster) : await act(deps, scene, step)
  }
  return { steps, stopsFor: steps.at(-1)?.reason ?? null }
}

/** Nothing of it reaches the provider, the store, a log or a metric. */
function imagined(real: RotatorDeps, provider: ImaginedProvider): RotatorDeps {
  return {
    ...real,
    provider,
    log: SILENT,
    telemetry: { state: () => {}, rotation: () => {}, providerCall: () => {} },
    crashPoint: () => {},
  }
}

async function act(deps: RotatorDeps, { record, seen, nowMs }: Scene, step: Step): Promise<Scene> {
  const { signal } = new AbortController()
  const taken = await takeStep(deps, { record, seen, nowMs, signal }, step)
  const moved = taken.record.phase !== record.phase
  const next = moved ? { ...taken.record, phaseSinceMs: nowMs } : taken.record
  assertCredential(next)
  return { record: next, seen: taken.seen, nowMs }
}

/** Until then every replica has followed, and an operator who is waited for has consented. */
function passWait(scene: Scene, step: Extract<Step, { kind: 'wait' }>, roster: Roster) {
  const nowMs = Math.max(step.untilMs, scene.nowMs + 1)
  const consents = step.reason === 'bootstrap-consent'
  const record = consents ? { ...scene.record, bootstrapConsent: true } : scene.record
  const members = roster.members.map((member) => follow(member, record, nowMs))
  return { record, seen: sawRoster(scene.seen, { ...roster, members }, nowMs), nowMs }
}

function follow(member: Member, record: CredentialRecord, nowMs: number): Member {
  const { current, pending, previous } = record
  const live = [current, pending, previous].filter((version) => version !== null)
  const { rollout: _, ...before } = member
  const since = pending?.rollout?.sinceMs
  return {
    ...before,
    held: live.map(({ generation }) => generation),
    ackGeneration: current.generation,
    atMs: nowMs,
    ...(pending !== null &&
      since !== undefined && {
        rollout: {
          generation: pending.generation,
          forMs: nowMs - since,
          requests: 0,
          refusals: 0,
        },
      }),
  }
}

/** Routine looks are left out, and a wait that goes on is one wait. */
function tell(steps: DryRunStep[], { record, nowMs }: Scene, step: Step, startMs: number): void {
  if (step.reason === 'drift') return
  // How long an operator takes is not known.
  const takes = step.kind === 'wait' && step.reason !== 'bootstrap-consent'
  const forMs = takes ? step.untilMs - nowMs : 0
  const { phase } = record
  const last = steps.at(-1)
  if (last?.step === step.kind && last.reason === step.reason && last.phase === phase) {
    steps[steps.length - 1] = { ...last, forMs: nowMs - startMs - last.afterMs + forMs }
    return
  }
  const afterMs = nowMs - startMs
  const secret = secretOf(record, step)
  steps.push({ afterMs, phase, step: step.kind, reason: step.reason, secret, forMs })
}

/** The version that a step is about; what it moves is named by the stage that it has before. */
const ABOUT: Readonly<Partial<Record<Step['kind'], Stage>>> = {
  verify: 'pending',
  stage: 'pending',
  'roll-out': 'pending',
  promote: 'pending',
  abort: 'pending',
  retire: 'previous',
  demote: 'previous',
}

function secretOf(record: CredentialRecord, step: Step): string | null {
  if ('secretId' in step) return step.secretId
  const stage = step.kind === 'probe' ? stageOf(record, step.generation) : ABOUT[step.kind]
  const revoked = record.previous === null ? 'pending' : 'previous'
  const about = step.kind === 'revoke' ? revoked : stage
  return about === undefined ? null : (record[about]?.secretId ?? about)
}

function stageOf(record: CredentialRecord, generation: number): Stage | undefined {
  return STAGES.find((stage) => record[stage]?.generation === generation)
}

const STAGES: readonly Stage[] = ['current', 'pending', 'previous']
