import type { CredentialRecord } from '../kernel/credential.ts'
import { CommandRefusedError, StoreConflictError, StoreUnavailableError } from '../kernel/errors.ts'
import type { CredentialStatus, RotationCommand } from '../kernel/ports/rotation-control.ts'
import type { Stored } from '../kernel/ports/store.ts'
import { carryOut } from './commands.ts'
import type { RotatorDeps } from './context.ts'
import { describeState, readStatus } from './describe-status.ts'
import { progressOf } from './facts.ts'
import { faultReason } from './fault-reason.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import {
  type Observation,
  anew,
  forgetAll,
  nothingSeen,
  suspected,
  withSuspicionOf,
} from './observation.ts'
import { plan } from './plan.ts'
import { RecordKeeper } from './record-keeper.ts'
import { NOBODY, type Roster, readRoster, sawRoster } from './roster.ts'
import type { RotationTurn } from './rotation-pace.ts'
import { SteadyTime, seenAcross } from './steady-time.ts'
import type { Reason, Step } from './step.ts'
import { takeStep } from './take-step.ts'
import { tellStep } from './tell-step.ts'
import { LEASE_RENEW_MS, LOOK_STEPS_MAX, REST_LOOK_MS, STORE_RETRY_MS } from './timing.ts'

export type { RotatorDeps } from './context.ts'

const LOOKS: ReadonlySet<Step['kind']> = new Set(['list', 'probe'])
const FINAL: ReadonlySet<Step['kind']> = new Set(['promote', 'revoke'])

/** When to look again, wall clock, and what is waited for until then. */
export interface Look {
  readonly nextLookAtMs: number
  readonly reason: Reason
}

const COMMAND_TRIES_MAX = 5
const LOOKS_ANEW: ReadonlySet<RotationCommand['kind']> = new Set(['retry', 'create'])

/**
 * Rotates one credential. The law: save the intent, act, save the result. Each act may happen
 * twice, and a crash at any await is recovered from the record and the provider's list alone.
 */
export class Rotator {
  readonly #deps: RotatorDeps
  readonly #lease: LeaseKeeper
  readonly #records: RecordKeeper
  readonly #time: SteadyTime
  readonly #turn: RotationTurn | null
  #seen: Observation
  #roster: Roster = NOBODY
  #reason: Reason | null = null
  #progress = ''

  constructor(deps: RotatorDeps) {
    this.#deps = deps
    this.#lease = new LeaseKeeper(deps.store, deps.clock, deps.credentialId, deps.instance)
    this.#records = new RecordKeeper(deps)
    this.#time = new SteadyTime(deps.clock)
    this.#turn = deps.pace?.turn() ?? null
    this.#seen = nothingSeen(deps.clock.now())
  }

  /**
   * Makes sure that a record exists before anything is served. Idempotent.
   * @throws StoreUnavailableError, StoreUnreadableError, AssertionError
   * @throws ConfigError nothing is stored, and the configuration has no secret
   */
  async ensureRecord(): Promise<void> {
    await this.#records.load()
  }

  /**
   * One pass: as many steps as can be taken without waiting, at most `LOOK_STEPS_MAX`. Expected
   * faults, of the store and of the provider, end in a reason. Only one look may run at a time.
   */
  async look(signal: AbortSignal): Promise<Look> {
    const look = await this.#look(signal).catch((error: unknown) => this.#afterFault(error))
    this.#reason = look.reason
    const { known } = this.#records
    if (known !== null) this.#deps.telemetry.state(describeState(known, look.reason))
    return look
  }

  /** lease → load → reconcile → plan → step → save */
  async #look(signal: AbortSignal): Promise<Look> {
    let stored: Stored | null = null
    let reread = false
    for (let steps = 0; steps < LOOK_STEPS_MAX && !signal.aborted; steps++) {
      if (!(await this.#lease.hold())) return this.#lookIn(LEASE_RENEW_MS, 'lease-held-elsewhere')
      const loaded: boolean = stored === null
      stored ??= await this.#load()
      const nowMs = this.#now(stored.record)
      const { policy, provider } = this.#deps
      const step = plan(stored.record, this.#seen, { policy, traits: provider.traits }, nowMs)
      const heldMs = reread ? 0 : (this.#turn?.waitMs(step) ?? 0)
      if (heldMs > 0) return this.#lookIn(heldMs, 'others-first')
      // A replica may have joined: what all of them hold and watch is read right before anything is revoked or promoted;
      // once, with the turn it has, since behind a slow store every proof, and the turn, would be too old by then.
      const outdated: boolean = FINAL.has(step.kind) && !loaded && !reread
      if (outdated || !LOOKS.has(step.kind)) reread = outdated
      if (outdated) {
        stored = null
        continue
      }
      tellStep(this.#deps, stored.record, step, this.#reason)
      if (step.kind === 'wait') return this.#lookIn(step.untilMs - nowMs, step.reason)
      stored = await this.#take(stored, step, nowMs, signal)
    }
    return signal.aborted ? this.#lookIn(0, 'stopping') : this.#lookIn(1_000, 'steps-spent')
  }

  async #load(): Promise<Stored> {
    const stored = await this.#records.load()
    this.#roster = await readRoster(this.#deps.store, this.#deps.credentialId)
    const nowMs = this.#now(stored.record)
    const progress = progressOf(stored.record)
    const another = stored.record.lastWriter.instance !== this.#deps.instance
    // Somebody else went on: what was seen before may have changed since.
    if (another && progress !== this.#progress) this.#seen = forgetAll(this.#seen, nowMs)
    this.#progress = progress
    this.#seen = sawRoster(this.#seen, this.#roster, nowMs)
    return stored
  }

  /**
   * The time of a decision. When the wall clock was set, what was seen "later", or seems to have lasted, is forgotten;
   * but never who the members are, since a barrier without members holds nothing up.
   */
  #now({ phase }: CredentialRecord): number {
    const { nowMs, jump } = this.#time.decide(phase)
    this.#seen = seenAcross(jump, this.#seen, this.#roster, nowMs)
    return nowMs
  }

  /** Takes the step and saves what it changed. Null: the save did not come through, and what is stored decides. */
  async #take(
    stored: Stored,
    step: Step,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<Stored | null> {
    const moment = { record: stored.record, seen: this.#seen, nowMs, signal }
    const taken = await takeStep(this.#deps, moment, step)
    if (taken.record === stored.record) {
      this.#seen = withSuspicionOf(taken.seen, this.#seen)
      return stored
    }
    // Until the save has come through, nothing that this step did is certain: all is asked again.
    this.#seen = { ...this.#seen, create: null, list: null, probes: new Map() }
    const saved = await this.#save(stored, taken.record, step, nowMs)
    if (saved !== null) {
      // A request may have seen a refusal while the save was under way: that suspicion stays.
      this.#seen = withSuspicionOf(taken.seen, this.#seen)
      this.#progress = progressOf(saved.record)
    }
    return saved
  }

  async #save(
    stored: Stored,
    record: CredentialRecord,
    step: Step,
    nowMs: number,
  ): Promise<Stored | null> {
    const { crashPoint, telemetry } = this.#deps
    if (step.kind === 'promote') crashPoint('promote:before')
    try {
      const saved = await this.#records.save(stored, record, this.#lease.fence, nowMs)
      if (step.kind === 'promote') crashPoint('promote:after')
      telemetry.state(describeState(saved.record, null))
      return saved
    } catch (error) {
      const lost = error instanceof StoreConflictError || error instanceof StoreUnavailableError
      if (!lost) throw error
      const { log, credentialId: credential } = this.#deps
      log.info('record not saved', { credential, reason: error.code })
      return null
    }
  }

  /** A request saw something: what was seen before is asked again, the list perhaps early. */
  suspect(): void {
    const { known } = this.#records
    const nowMs = known === null ? this.#deps.clock.now() : this.#time.now(known.phase)
    this.#seen = suspected(this.#seen, nowMs)
  }

  /**
   * Records an operator's wish; the next look carries it out.
   * @throws CommandRefusedError `command-refused` when the phase forbids it
   * @throws StoreUnavailableError, StoreUnreadableError
   */
  async command(command: RotationCommand): Promise<CredentialStatus> {
    for (let tries = 0; tries < COMMAND_TRIES_MAX; tries++) {
      const stored = await this.#records.load()
      const nowMs = this.#time.now(stored.record.phase)
      const steering = { record: stored.record, known: this.#records.known, nowMs }
      const next = await carryOut(this.#deps, steering, command)
      try {
        if (next !== stored.record) {
          await this.#records.save(stored, next, this.#lease.fence, nowMs)
        }
        const { log, credentialId: credential } = this.#deps
        log.info('command accepted', { credential, command: command.kind })
        if (LOOKS_ANEW.has(command.kind)) this.#seen = { ...this.#seen, ...anew(nowMs) }
        return await this.status()
      } catch (error) {
        if (!(error instanceof StoreConflictError)) throw error
      }
    }
    throw new CommandRefusedError('the record changes too often right now; try again')
  }

  /**
   * What is stored, and what the last look here said; what was known last while the store is away.
   * @throws StoreUnavailableError when nothing is known yet
   */
  status(): Promise<CredentialStatus> {
    const known = { record: this.#records.known, roster: this.#roster }
    return readStatus(this.#deps, known, this.#reason)
  }

  /** Gives the lease back on shutdown. */
  release(): Promise<void> {
    return this.#lease.giveUp()
  }

  /** The only replica may rest; among several the holder of the lease has to keep it. */
  #lookIn(delayMs: number, reason: Reason): Look {
    const longestMs = this.#roster.members.length > 1 ? LEASE_RENEW_MS : REST_LOOK_MS
    const restMs = Math.max(longestMs, this.#deps.restMinMs?.() ?? 0)
    const nextLookAtMs = this.#deps.clock.now() + Math.min(Math.max(delayMs, 0), restMs)
    return { nextLookAtMs, reason }
  }

  /** Faults that a later look may find gone. Anything else is a defect. */
  #afterFault(error: unknown): Look {
    const reason = faultReason(error)
    if (reason === null) throw error
    const { log, credentialId: credential } = this.#deps
    const detail = error instanceof Error ? error.message : ''
    log.warn('rotation held up', { credential, reason, detail })
    return this.#lookIn(STORE_RETRY_MS, reason)
  }
}
