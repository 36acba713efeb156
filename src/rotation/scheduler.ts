import type { Clock, Stop } from '../kernel/ports/clock.ts'
import { CommandRefusedError } from '../kernel/errors.ts'
import type { Log } from '../kernel/ports/log.ts'
import type {
  CredentialStatus,
  RotationCommand,
  RotationControl,
} from '../kernel/ports/rotation-control.ts'
import type { EarlyLook } from '../kernel/ports/usage.ts'
import type { Rotator } from './rotator.ts'
import { REST_LOOKS_PER_SECOND } from './timing.ts'

/** Between two early looks of one credential: a storm of refusals is one event. */
const EARLY_LOOK_MIN_MS = 1_000
/** After a look that failed by a defect of ours. */
const DEFECT_RETRY_MS = 5_000

export interface SchedulerDeps {
  readonly rotators: ReadonlyMap<string, Rotator>
  readonly clock: Clock
  readonly log: Log
  /**
   * Which credential manages which: the secondary's id and its primary's. Default: each manages
   * itself.
   */
  readonly managers?: ReadonlyMap<string, string>
}

/** So many credentials are looked at at once when a process starts; further ones follow at `REST_LOOKS_PER_SECOND`. */
const FIRST_LOOKS = 20

function firstLookAfterMs(index: number): number {
  return Math.max(0, ((index + 1 - FIRST_LOOKS) * 1_000) / REST_LOOKS_PER_SECOND)
}

/** One rotator and its next look. */
interface Entry {
  readonly credentialId: string
  readonly rotator: Rotator
  timer: Stop
  looking: Promise<void> | null
  /** Asked for while a look was under way. */
  again: boolean
  lookedEarlyAtMs: number
  /** An early look was asked for too soon, and comes when it may. */
  lookWaits: boolean
}

/**
 * Runs the rotators by the clock, one look at a time for each. A primary and its secondaries take
 * turns, the primary last: it never revokes the secret that a secondary's call relies on just then.
 */
export class RotationScheduler implements RotationControl, EarlyLook {
  readonly #deps: SchedulerDeps
  readonly #entries: ReadonlyMap<string, Entry>
  #stopping = new AbortController()
  #started = false
  /** The end of the last look of each family. */
  readonly #turns = new Map<string, Promise<void>>()

  constructor(deps: SchedulerDeps) {
    this.#deps = deps
    this.#entries = new Map(
      [...deps.rotators].map(([credentialId, rotator]) => [
        credentialId,
        {
          credentialId,
          rotator,
          timer: () => {},
          looking: null,
          again: false,
          lookedEarlyAtMs: Number.NEGATIVE_INFINITY,
          lookWaits: false,
        },
      ]),
    )
  }

  /** Looks at every credential, thousands of them one after the other; then at each whenever it is due. */
  start(): void {
    if (this.#started) return
    this.#started = true
    this.#stopping = new AbortController()
    const primaries = new Set(this.#deps.managers?.values())
    const entries = [...this.#entries.values()]
    const isPrimary = ({ credentialId }: Entry) => primaries.has(credentialId)
    const inOrder = [...entries.filter((one) => !isPrimary(one)), ...entries.filter(isPrimary)]
    inOrder.forEach((entry, index) => this.#lookAfter(entry, firstLookAfterMs(index)))
  }

  /** Ends the looks under way, waits for them, and gives the leases back. */
  async stop(): Promise<void> {
    this.#started = false
    this.#stopping.abort()
    const entries = [...this.#entries.values()]
    for (const { timer } of entries) timer()
    await Promise.all(entries.map(({ looking }) => looking ?? Promise.resolve()))
    await Promise.all(entries.map(({ rotator }) => rotator.release()))
  }

  /**
   * A request saw a refusal: verdicts from before are doubtful. At most one early look per second
   * and credential.
   */
  look(credentialId: string): void {
    const entry = this.#entries.get(credentialId)
    if (entry === undefined || !this.#started) return
    // Nothing that was seen is forgotten; only looking is rationed.
    entry.rotator.suspect()
    const nowMs = this.#deps.clock.monotonic()
    const restMs = entry.lookedEarlyAtMs + EARLY_LOOK_MIN_MS - nowMs
    if (restMs <= 0) {
      entry.lookedEarlyAtMs = nowMs
      this.#lookSoon(entry)
    } else if (!entry.lookWaits) {
      entry.lookWaits = true
      this.#deps.clock.after(restMs, () => {
        entry.lookWaits = false
        this.look(credentialId)
      })
    }
  }

  list(): Promise<readonly CredentialStatus[]> {
    return Promise.all([...this.#entries.values()].map(({ rotator }) => rotator.status()))
  }

  async get(credentialId: string): Promise<CredentialStatus | null> {
    return (await this.#entries.get(credentialId)?.rotator.status()) ?? null
  }

  /** @throws CommandRefusedError `command-refused` */
  async command(credentialId: string, command: RotationCommand): Promise<CredentialStatus> {
    const entry = this.#entries.get(credentialId)
    if (entry === undefined) throw new CommandRefusedError('no such credential is rotated here')
    const status = await entry.rotator.command(command)
    this.#lookSoon(entry)
    return status
  }

  #lookSoon(entry: Entry): void {
    if (entry.looking !== null) entry.again = true
    else this.#lookAfter(entry, 0)
  }

  #lookAfter(entry: Entry, delayMs: number): void {
    entry.timer()
    if (!this.#started) return
    entry.timer = this.#deps.clock.after(Math.max(0, delayMs), () => {
      entry.looking = this.#inTurn(entry)
    })
  }

  #inTurn(entry: Entry): Promise<void> {
    const { credentialId } = entry
    const family = this.#deps.managers?.get(credentialId) ?? credentialId
    const before = this.#turns.get(family) ?? Promise.resolve()
    const turn = before.then(() => this.#look(entry))
    this.#turns.set(family, turn)
    return turn
  }

  async #look(entry: Entry): Promise<void> {
    entry.again = false
    const delayMs = await this.#delayAfterLook(entry)
    entry.looking = null
    this.#lookAfter(entry, entry.again ? 0 : delayMs)
  }

  async #delayAfterLook({ rotator, credentialId }: Entry): Promise<number> {
    try {
      const { nextLookAtMs } = await rotator.look(this.#stopping.signal)
      return nextLookAtMs - this.#deps.clock.now()
    } catch (error) {
      const name = error instanceof Error ? error.name : typeof error
      this.#deps.log.error('rotation look failed', { credential: credentialId, error: name })
      return DEFECT_RETRY_MS
    }
  }
}
