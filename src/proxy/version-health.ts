import type { LiveVersion } from '../kernel/credential.ts'
import {
  COOLDOWN_FIRST_MS,
  COOLDOWN_MAX_MS,
  DOUBT_FIRST_MS,
  DOUBT_MAX_MS,
  REFUSALS_IN_A_ROW_MAX,
  TRIAL_WAIT_MS,
} from '../kernel/limits.ts'
import type { Clock, Stop } from '../kernel/ports/clock.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'
import { type Choice, chooseCandidates, type Standing, tries } from './choose-candidates.ts'
import type { Candidate } from './credential-snapshot.ts'

export interface VersionHealthDeps {
  readonly clock: Clock
  readonly probe: VersionSource['probe']
  /** A version starts to cool down: whoever keeps the versions should look. */
  readonly cooled: (version: LiveVersion) => void
  /** Something was learnt: what was chosen before may not be what would be chosen now. */
  readonly changed: () => void
}

/** What requests have learnt of a credential's versions: which work, which cool down, and who tries one next. */
export class VersionHealth {
  readonly #deps: VersionHealthDeps
  readonly #records = new Map<string, HealthRecord>()
  #trial: Promise<void> | null = null
  /** While no version is good. */
  #restMs = 0
  #restUntilMs = 0
  #stopped = false

  constructor(deps: VersionHealthDeps) {
    this.#deps = deps
  }

  /** The versions that a request tries; waits while another request finds out, for a second at most. */
  async choose(candidates: readonly Candidate[], replayable: boolean): Promise<Choice> {
    const choice = this.peek(candidates, replayable)
    if (choice.kind !== 'wait') return choice
    let stop: Stop = () => {}
    const tooLong = new Promise<void>((resolve) => {
      stop = this.#deps.clock.after(TRIAL_WAIT_MS, resolve)
    })
    await Promise.race([this.#trial, tooLong])
    stop()
    const next = this.peek(candidates, replayable)
    return next.kind === 'wait' ? tries(next.candidates, false) : next
  }

  /** What a request would try at this moment. */
  peek(candidates: readonly Candidate[], replayable: boolean): Choice {
    return chooseCandidates({
      candidates,
      standingOf: (versionId) => this.#records.get(versionId) ?? UNKNOWN,
      trialRunning: this.#trial !== null,
      restUntilMs: this.#restUntilMs,
      replayable,
      nowMs: this.#deps.clock.monotonic(),
    })
  }

  /** Marks that a request finds out for the others; call what it returns when it knows, or gave up. */
  beginTrial(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#trial = promise
    return () => {
      if (this.#trial === promise) this.#trial = null
      resolve()
    }
  }

  /** An upstream took the version: whatever spoke against it is void. */
  accepted(version: LiveVersion): void {
    const record = this.#records.get(version.versionId)
    this.#restMs = 0
    this.#restUntilMs = 0
    const isNew = record?.proven !== true || record.refusals > 0 || record.coolUntilMs !== null
    if (isNew) {
      this.#forget(version.versionId)
      this.#records.set(version.versionId, { ...FRESH, proven: true })
    }
  }

  /** Whether an upstream has accepted it, and nothing has spoken against it since. */
  isProven(version: LiveVersion): boolean {
    return this.#records.get(version.versionId)?.proven === true
  }

  /**
   * An upstream refused the version. It cools down when that is `conclusive`, or after several refusals in a row: a 401
   * may have nothing to do with the secret. Where no other version has proven the point, it is `doubtful`: the provider
   * is asked at once, and as long as it has not said no, a request may find out after a short rest.
   * @returns whether it cools down
   */
  refused(version: LiveVersion, conclusive: boolean, doubtful = false): boolean {
    const before = this.#records.get(version.versionId) ?? FRESH
    const nowMs = this.#deps.clock.monotonic()
    if (before.coolUntilMs !== null && before.coolUntilMs > nowMs) return true
    const refusals = before.refusals + 1
    if (!conclusive && refusals < REFUSALS_IN_A_ROW_MAX) {
      this.#records.set(version.versionId, { ...before, refusals })
      this.#deps.changed()
      return false
    }
    if (doubtful) this.#doubt(version, { ...before, refusals }, 0)
    else this.#cool(version, { ...before, refusals })
    this.#deps.cooled(version)
    return true
  }

  /**
   * An upstream refused both versions for one request. As soon as one of them has worked before, it is probably about
   * neither; the one that serves then goes on until it was refused several times in a row.
   */
  refusedTogether(first: LiveVersion, second: LiveVersion): void {
    const firstWorked = this.isProven(first)
    const secondWorked = this.isProven(second)
    const cools = this.refused(first, !firstWorked && !secondWorked, true)
    if (cools) this.refused(second, firstWorked || !secondWorked, true)
  }

  /** Whether another version is known against which nothing speaks. */
  othersAreGood(version: LiveVersion, all: readonly Candidate[]): boolean {
    return all.some((other) => {
      const { versionId } = other.version
      return versionId !== version.versionId && !this.#records.get(versionId)?.coolUntilMs
    })
  }

  /** Forgets versions that are gone, or whose place among the others has changed. */
  retain(before: readonly LiveVersion[], now: readonly LiveVersion[]): void {
    for (const old of before) {
      const same = now.find((version) => version.versionId === old.versionId)
      if (same?.stage !== old.stage) this.#forget(old.versionId)
    }
  }

  /** Asks the provider nothing more, though requests in flight may still learn something. */
  stop(): void {
    this.#stopped = true
    for (const versionId of this.#records.keys()) this.#forget(versionId)
  }

  /** It does not work, as far as anybody knows: whoever can be asked is asked when the cooldown ends. */
  #cool(version: LiveVersion, record: HealthRecord): void {
    const cooldownMs = Math.min(record.cooldownMs * 2 || COOLDOWN_FIRST_MS, COOLDOWN_MAX_MS)
    const probed = this.#deps.probe !== undefined
    this.#rest(version, { ...record, cooldownMs, probed }, cooldownMs, cooldownMs)
  }

  /** Nobody knows whether it works. */
  #doubt(version: LiveVersion, record: HealthRecord, askInMs: number): void {
    this.#restMs = Math.min(this.#restMs * 3 || DOUBT_FIRST_MS, DOUBT_MAX_MS)
    this.#restUntilMs = this.#deps.clock.monotonic() + this.#restMs
    this.#rest(version, { ...record, probed: false }, this.#restMs, askInMs)
  }

  #rest(version: LiveVersion, record: HealthRecord, coolMs: number, askInMs: number): void {
    this.#forget(version.versionId)
    const { probe, clock } = this.#deps
    const stopProbe =
      probe === undefined || this.#stopped
        ? null
        : clock.after(askInMs, () => void this.#probe(version, probe))
    const coolUntilMs = clock.monotonic() + coolMs
    this.#records.set(version.versionId, { ...record, proven: false, coolUntilMs, stopProbe })
  }

  /** The canary: one call that is no client's request. */
  async #probe(version: LiveVersion, probe: NonNullable<VersionSource['probe']>): Promise<void> {
    const asked = this.#records.get(version.versionId)
    const answer = await probe(version).catch(() => 'inconclusive' as const)
    const record = this.#records.get(version.versionId)
    // Gone, or something else was learnt meanwhile.
    if (record === undefined || record !== asked) return
    if (answer === 'accepted') this.accepted(version)
    else if (answer === 'refused') {
      this.#cool(version, record)
      // The rotation may have asked too early: right after a revoke a provider may still take what it revoked.
      this.#deps.cooled(version)
    } else if (record.probed) this.#cool(version, { ...record, cooldownMs: 0 })
    else this.#askLater(version, record, probe)
  }

  /** No answer: requests go on finding out, and the provider is asked again. */
  #askLater(
    version: LiveVersion,
    record: HealthRecord,
    probe: NonNullable<VersionSource['probe']>,
  ): void {
    if (this.#stopped) return
    const ask = () => void this.#probe(version, probe)
    const stopProbe = this.#deps.clock.after(COOLDOWN_FIRST_MS, ask)
    this.#records.set(version.versionId, { ...record, stopProbe })
  }

  /** Whatever changes the choice begins here. */
  #forget(versionId: string): void {
    this.#deps.changed()
    this.#records.get(versionId)?.stopProbe?.()
    this.#records.delete(versionId)
  }
}

interface HealthRecord extends Standing {
  /** Refusals since the last acceptance. */
  readonly refusals: number
  /** Length of the last cooldown; 0 before the first. */
  readonly cooldownMs: number
  readonly stopProbe: Stop | null
}

const FRESH: HealthRecord = {
  proven: false,
  coolUntilMs: null,
  probed: false,
  refusals: 0,
  cooldownMs: 0,
  stopProbe: null,
}
const UNKNOWN: Standing = FRESH
