import type { CredentialVersions, LiveVersion } from '../kernel/credential.ts'
import { DOUBT_LOOK_MS, VIEW_REST_MS, VIEW_RETRY_MS } from '../kernel/limits.ts'
import type { Clock, Stop } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { RolloutReport } from '../kernel/ports/store.ts'
import type { CredentialMeter } from '../kernel/ports/telemetry.ts'
import type { EarlyLook, UseReader } from '../kernel/ports/usage.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'
import { RetryLaterError } from './rescue.ts'
import type { Choice, Tries } from './choose-candidates.ts'
import type { Candidate, CredentialSnapshot } from './credential-snapshot.ts'
import { VersionHealth } from './version-health.ts'
import { nextSnapshot } from './next-snapshot.ts'
import { Rollout } from './rollout.ts'
import { Seldom } from './seldom.ts'
import { VersionUses } from './version-uses.ts'

export interface CredentialViewDeps {
  readonly clock: Clock
  readonly log: Log
  readonly source: VersionSource
  readonly meter: CredentialMeter
  readonly uses: UseReader
  readonly earlyLook: EarlyLook
  /** Shared with the view that this one replaces. */
  readonly lastUses?: VersionUses
}

/** Read side of a credential: the last good snapshot, kept fresh by a watch and by single-flight reads. */
export class CredentialView {
  // What every request reads comes first, and so within one or two of a processor's lines.
  #snapshot: CredentialSnapshot | null = null
  /** The snapshot, while nothing speaks against any version: every request tries what it says, at any time. */
  #calm: CredentialSnapshot | null = null
  /** What was accepted last, while nothing has been learnt since: one more acceptance says nothing new. */
  #settled: Candidate | null = null
  #rollout: Rollout | null = null
  readonly meter: CredentialMeter
  readonly health: VersionHealth
  readonly credentialId: string
  readonly #deps: CredentialViewDeps
  readonly lastUses: VersionUses
  readonly #listeners = new Set<(snapshot: CredentialSnapshot) => void>()
  /** Versions that are gone, but not from requests whose answers are still to come: those must not show them either. */
  #leaving: readonly LiveVersion[] = []
  #loading: Promise<void> | null = null
  #again = false
  #stopWatch: Stop | null = null
  #stopRetry: Stop | null = null
  /** An upstream that refuses at random must not make a read of each refusal. */
  readonly #refreshSeldom: Seldom
  readonly #lookSeldom: Seldom

  constructor(deps: CredentialViewDeps) {
    this.#deps = deps
    this.lastUses = deps.lastUses ?? new VersionUses()
    this.credentialId = deps.source.credentialId
    this.meter = deps.meter
    this.#refreshSeldom = new Seldom(deps.clock, VIEW_REST_MS, () => void this.refresh())
    const { source } = deps
    this.#lookSeldom = new Seldom(deps.clock, DOUBT_LOOK_MS, () =>
      deps.earlyLook.look(source.credentialId),
    )
    this.health = new VersionHealth({
      clock: deps.clock,
      probe: source.probe === undefined ? undefined : (version) => probe(source, version),
      cooled: (version) => this.#cooled(version),
      changed: () => this.#changed(),
    })
  }

  /** Watches, and reads once. A read that fails is logged and tried again; readiness tells of it meanwhile. */
  async start(): Promise<void> {
    this.#deps.uses.follow(this.credentialId, this.lastUses)
    this.#stopWatch ??= this.#deps.source.watch(() => void this.refresh())
    await this.refresh()
  }

  stop(): void {
    this.#stopWatch?.()
    this.#stopWatch = null
    this.#stopRetry?.()
    this.#stopRetry = null
    this.#refreshSeldom.stop()
    this.#lookSeldom.stop()
    this.#listeners.clear()
    this.health.stop()
  }

  /** Null until the first read has succeeded. */
  get snapshot(): CredentialSnapshot | null {
    return this.#snapshot
  }

  /** Whether a refused request could be sent again with another version. */
  get hasFallback(): boolean {
    return (this.#snapshot?.candidates.length ?? 0) > 1
  }

  /** `lastUses` as the store holds it. */
  get lastUse(): Readonly<Record<number, number>> {
    return this.lastUses.lastUse(this.#deps.clock.now())
  }

  /** The staged promotion that is under way; null while there is none. */
  get rollout(): Rollout | null {
    return this.#rollout
  }

  /** What the others are told of it. */
  get rolloutReport(): RolloutReport | null {
    return this.#rollout?.report(this.#deps.clock.monotonic()) ?? null
  }

  /** Calls back with every new snapshot, after it is in use. */
  onChange(listener: (snapshot: CredentialSnapshot) => void): Stop {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * The versions that a request tries, in order; a promise of them only where another request is finding out.
   * @throws RefusedError `credential-unavailable` when there are none, or all were refused lately
   */
  candidates(replayable: boolean): Tries | Promise<Tries> {
    if (this.#calm !== null) return this.#calm
    const listed = this.#snapshot?.candidates ?? []
    const rolled = replayable ? (this.#rollout?.take() ?? null) : null
    const first = rolled === null ? null : this.health.peek(rolled, replayable)
    // Nobody waits for a version that only a share of the requests has to start with.
    if (first?.kind === 'try') return first
    const choice = this.health.peek(listed, replayable)
    if (choice.kind === 'unavailable' && listed.length === 0) {
      throw new RetryLaterError('credential-unavailable', 'no version is known', VIEW_RETRY_MS)
    }
    if (choice.kind === 'wait') return this.health.choose(listed, replayable).then(toTry)
    const tried = toTry(choice)
    if (this.#rollout === null && isCalm(tried, listed)) this.#calm = this.#snapshot
    return tried
  }

  /** An upstream took the version: whatever spoke against it is void. */
  accepted(candidate: Candidate): void {
    this.#rollout?.accepted(candidate.version)
    if (this.#settled === candidate) return
    this.health.accepted(candidate.version)
    this.#settled = candidate
  }

  /** One request was refused with two versions. It may be about neither; but the rotation, which can ask, should look. */
  doubted(): void {
    this.#lookSeldom.ask()
  }

  /**
   * The generation that a request which came now would be started with, be it after it has waited for another one's
   * outcome; null when there is none.
   */
  firstChoice(): number | null {
    const choice = this.health.peek(this.#snapshot?.candidates ?? [], false)
    return choice.kind === 'unavailable' ? null : (choice.candidates[0]?.version.generation ?? null)
  }

  /** Reads anew; calls meanwhile share one read, and one more that starts after the last of them. */
  refresh(): Promise<void> {
    if (this.#loading !== null) {
      this.#again = true
      return this.#loading
    }
    this.#loading = this.#load().finally(() => {
      this.#loading = null
    })
    return this.#loading
  }

  async #load(): Promise<void> {
    do {
      this.#again = false
      try {
        this.#accept(await this.#deps.source.load())
      } catch (error) {
        this.#deps.log.warn('credential not read', {
          credential: this.credentialId,
          reason: error instanceof Error ? error.name : 'unknown',
        })
        this.#retryLater()
      }
    } while (this.#again)
  }

  #accept(versions: CredentialVersions): void {
    const before = this.#snapshot
    const gone = [...this.#leaving, ...(before?.candidates.map((c) => c.version) ?? [])]
    const live = new Set(versions.versions.map(({ versionId }) => versionId))
    this.#leaving = gone.filter((one) => !live.has(one.versionId) && this.lastUses.isInFlight(one))
    this.lastUses.retain(versions.versions)
    this.#snapshot = nextSnapshot(before, versions, this.#leaving, this.lastUses)
    this.health.retain(before?.candidates.map((c) => c.version) ?? [], versions.versions)
    this.#changed()
    this.#rollout = Rollout.next(this.#rollout, this.#snapshot, this.#deps.clock.monotonic())
    for (const listener of this.#listeners) listener(this.#snapshot)
  }

  #changed(): void {
    this.#calm = null
    this.#settled = null
  }

  /** A refusal that counts: the record may have moved on, and the rotation may have to. */
  #cooled(version: LiveVersion): void {
    const { log, earlyLook } = this.#deps
    const { versionId, stage } = version
    log.warn('secret version refused', { credential: this.credentialId, versionId, stage })
    earlyLook.look(this.credentialId)
    this.#refreshSeldom.ask()
  }

  #retryLater(): void {
    if (this.#stopWatch === null) return
    this.#stopRetry?.()
    this.#stopRetry = this.#deps.clock.after(VIEW_RETRY_MS, () => void this.refresh())
  }
}

/** Whether any request would be given these, whenever it came. */
function isCalm({ trial, candidates }: Tries, listed: readonly Candidate[]): boolean {
  return !trial && candidates === listed
}

function toTry(choice: Choice): Tries {
  if (choice.kind === 'try') return choice
  const retryAfterMs = choice.kind === 'unavailable' ? choice.retryAfterMs : 0
  throw new RetryLaterError(
    'credential-unavailable',
    'every version was refused lately',
    retryAfterMs,
  )
}

async function probe(source: VersionSource, version: LiveVersion): Promise<ProbeAnswer> {
  return (await source.probe?.(version)) ?? 'inconclusive'
}

type ProbeAnswer = Awaited<ReturnType<NonNullable<VersionSource['probe']>>>
