import type { LiveVersion } from '../../../src/kernel/credential.ts'
import { COOLDOWN_FIRST_MS, COOLDOWN_MAX_MS } from '../../../src/kernel/limits.ts'
import type { Store } from '../../../src/kernel/ports/store.ts'
import type { CredentialMeter } from '../../../src/kernel/ports/telemetry.ts'
import { CredentialView } from '../../../src/proxy/credential-view.ts'
import { createRecordSource } from '../../../src/stores/record-source.ts'
import { RecordingLog } from '../../fakes/log.ts'
import type { SeededRandom } from '../../fakes/random.ts'
import type { Attempt, Recorder } from '../history.ts'
import type { SimAccount } from './sim-provider.ts'
import type { SimProcess } from './sim-process.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface DataPlaneDeps {
  readonly process: SimProcess
  readonly store: Store
  readonly credentialId: string
  readonly account: SimAccount
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly history: Recorder
  /** Pause between two requests of the app, in milliseconds. */
  readonly requestEveryMs: number
  readonly upstreamLatencyMaxMs: number
  /** Pause between two reports to the other replicas, in milliseconds. */
  readonly publishEveryMs: number
  /** A request was refused with one version: the rotation should look. */
  readonly earlyLook: () => void
}

const SILENT_METER: CredentialMeter = {
  injected: () => {},
  authFailure: () => {},
  fallback: () => {},
}

/**
 * The proxy of one replica without its sockets: the production read side of a credential, and around it a small model of
 * the specification's rules. Register, read, serve; the first version that is not cooling down, then once another; after
 * a refusal cool it down, read anew and ask for a look; publish what is held and what was used.
 */
export class DataPlane {
  readonly #deps: DataPlaneDeps
  readonly #view: CredentialView
  readonly #cooldowns = new Map<string, { untilMs: number; lastMs: number }>()
  #publishing = false
  /** What is held has changed while a report was under way. */
  #again = false
  #serving = false
  #stopped = false

  constructor(deps: DataPlaneDeps) {
    this.#deps = deps
    const { store, credentialId, process, earlyLook } = deps
    this.#view = new CredentialView({
      clock: process.clock,
      log: new RecordingLog(),
      source: createRecordSource({ store, credentialId, publicValues: {} }),
      meter: SILENT_METER,
      uses: { used: () => {} },
      earlyLook: { look: earlyLook },
    })
    this.#view.onChange(() => void this.#publish())
  }

  /** Registers, reads, serves, in this order; tries again while the store is away. */
  async start(): Promise<void> {
    const { process, history, time } = this.#deps
    while (!(await this.#publish())) await process.clock.sleep(1_000)
    if (this.#stopped) return
    await this.#view.start()
    while (this.#versions.length === 0) await process.clock.sleep(100)
    if (this.#stopped) return
    const { instance } = process
    history.add({ kind: 'process', atMs: time.nowMs, instance, event: 'serves', detail: '' })
    this.#serving = true
    this.#publishLoop()
    this.#requestLoop()
  }

  /** Takes no more requests and says goodbye. */
  async stop(): Promise<void> {
    this.#serving = false
    this.#stopped = true
    this.#view.stop()
    const { store, credentialId, process } = this.#deps
    await store.removeMember(credentialId, process.instance).catch(() => {})
  }

  get #versions(): readonly LiveVersion[] {
    return this.#view.snapshot?.candidates.map((candidate) => candidate.version) ?? []
  }

  async #publish(): Promise<boolean> {
    if (this.#stopped || this.#publishing) {
      this.#again = true
      return false
    }
    this.#publishing = true
    this.#again = false
    const { store, credentialId, process } = this.#deps
    const versions = this.#versions
    const member = {
      instance: process.instance,
      held: versions.map((version) => version.generation),
      ackGeneration: versions.find(({ stage }) => stage === 'current')?.generation ?? 0,
      lastUse: this.#view.lastUse,
      atMs: process.clock.now(),
    }
    const written = await store.publishMember(credentialId, member).then(
      () => true,
      () => false,
    )
    this.#publishing = false
    if (this.#again) void this.#publish()
    return written
  }

  #publishLoop(): void {
    this.#deps.process.after(this.#deps.publishEveryMs, () => {
      if (this.#stopped) return
      void this.#publish()
      this.#publishLoop()
    })
  }

  #requestLoop(): void {
    const { process, requestEveryMs, random } = this.#deps
    const next = (): void => {
      if (!this.#serving) return
      this.#attempt(this.#deps.time.nowMs, random.int(this.#deps.account.habits.services), [])
      process.after(requestEveryMs, next, false)
    }
    process.after(random.int(requestEveryMs), next, false)
  }

  #attempt(startedMs: number, service: number, before: readonly Attempt[]): void {
    const { process, time, account, history } = this.#deps
    const version = this.#choose(before)
    if (version === undefined) return this.#finish(startedMs, before)
    const value = version.value.expose()
    this.#view.used(version, process.clock.now())
    const arrive = (): void => {
      const accepted = account.accepts(value, service)
      if (accepted && before.length === 0) {
        if (process.alive) history.requestsAccepted++
        return
      }
      const attempts = [...before, { generation: version.generation, value, accepted }]
      if (accepted) return this.#finish(startedMs, attempts)
      process.after(this.#latencyMs(), () => {
        this.#refused(version)
        if (attempts.length < 2) this.#attempt(startedMs, service, attempts)
        else this.#finish(startedMs, attempts)
      })
    }
    time.after(this.#latencyMs(), arrive, false)
  }

  #latencyMs(): number {
    return 1 + this.#deps.random.int(this.#deps.upstreamLatencyMaxMs)
  }

  #finish(startedMs: number, attempts: readonly Attempt[]): void {
    const { process, history, time } = this.#deps
    if (!process.alive) return
    const { instance } = process
    history.add({ kind: 'request', atMs: startedMs, endMs: time.nowMs, instance, attempts })
  }

  /** The first version that is not cooling down and was not tried for this request; else the first untried one. */
  #choose(before: readonly Attempt[]): LiveVersion | undefined {
    const untried = this.#versions.filter(
      (version) => !before.some((attempt) => attempt.generation === version.generation),
    )
    const nowMs = this.#deps.process.clock.monotonic()
    const cool = (version: LiveVersion): boolean =>
      (this.#cooldowns.get(version.versionId)?.untilMs ?? 0) > nowMs
    return untried.find((version) => !cool(version)) ?? untried[0]
  }

  #refused(version: LiveVersion): void {
    const nowMs = this.#deps.process.clock.monotonic()
    const last = this.#cooldowns.get(version.versionId)?.lastMs ?? 0
    const lastMs = Math.min(COOLDOWN_MAX_MS, last === 0 ? COOLDOWN_FIRST_MS : last * 2)
    this.#cooldowns.set(version.versionId, { untilMs: nowMs + lastMs, lastMs })
    void this.#view.refresh()
    this.#deps.earlyLook()
  }
}
