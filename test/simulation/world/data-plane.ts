import { MEMBER_PUBLISH_MS } from '../../../src/kernel/limits.ts'
import type { LiveVersion } from '../../../src/kernel/credential.ts'
import type { Provider } from '../../../src/kernel/ports/provider.ts'
import type { Store } from '../../../src/kernel/ports/store.ts'
import type { CredentialMeter } from '../../../src/kernel/ports/telemetry.ts'
import type { Candidate } from '../../../src/proxy/credential-snapshot.ts'
import { CredentialView } from '../../../src/proxy/credential-view.ts'
import { Membership } from '../../../src/proxy/membership.ts'
import { Rounds } from '../../../src/proxy/rounds.ts'
import { createRecordSource } from '../../../src/stores/record-source.ts'
import type { Log } from '../../../src/kernel/ports/log.ts'
import type { SeededRandom } from '../../fakes/random.ts'
import type { Attempt, Recorder } from '../history.ts'
import type { SimAccount } from './sim-account.ts'
import type { SimProcess } from './sim-process.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface DataPlaneDeps {
  readonly process: SimProcess
  readonly store: Store
  readonly provider: Provider
  readonly log: Log
  readonly credentialId: string
  readonly account: SimAccount
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly history: Recorder
  /** Pause between two requests of the app, in milliseconds. */
  readonly requestEveryMs: number
  readonly upstreamLatencyMaxMs: number
  /** A request was refused with one version: the rotation should look. */
  readonly earlyLook: () => void
  /** Whether the record's current version is newer. */
  readonly isLeft: (generation: number) => boolean
}

const SILENT_METER: CredentialMeter = {
  injected: () => {},
  authFailure: () => {},
  fallback: () => {},
}

/**
 * The proxy of one replica without its sockets: the production view of a credential, its health and its membership decide
 * what is tried, what cools down and what the others are told. Only sending is the simulation's: one try, and one replay
 * with the next candidate, as `proxy/try-candidates.ts` does it.
 */
export class DataPlane {
  readonly #deps: DataPlaneDeps
  readonly #view: CredentialView
  readonly #membership: Membership
  #serving = false
  #stopped = false

  constructor(deps: DataPlaneDeps) {
    this.#deps = deps
    const { store, credentialId, process, provider, log, earlyLook } = deps
    const { clock, instance } = process
    this.#view = new CredentialView({
      clock,
      log,
      source: {
        ...createRecordSource({ store, credentialId, publicValues: {} }),
        probe: async ({ value }) => (await provider.verify(value, NEVER)).kind,
      },
      meter: SILENT_METER,
      uses: { follow: () => {} },
      earlyLook: { look: earlyLook },
    })
    const rounds = new Rounds(clock, MEMBER_PUBLISH_MS)
    this.#membership = new Membership({
      clock,
      log,
      store,
      view: this.#view,
      instance,
      rounds,
      number: 0,
    })
  }

  /** Registers, reads, serves, in this order; tries again while the store is away. */
  async start(): Promise<void> {
    const { process, history, time } = this.#deps
    const registered = (): Promise<boolean> =>
      this.#membership.register().then(
        () => true,
        () => false,
      )
    while (!(await registered())) await process.clock.sleep(1_000)
    if (this.#stopped) return
    await this.#view.start()
    while (this.#view.snapshot === null) await process.clock.sleep(100)
    if (this.#stopped) return
    const { instance } = process
    history.add({ kind: 'process', atMs: time.nowMs, instance, event: 'serves', detail: '' })
    this.#serving = true
    this.#requestLoop()
  }

  /** Takes no more requests, lets those under way end, and says goodbye. */
  async stop(): Promise<void> {
    this.#serving = false
    this.#stopped = true
    await this.#deps.process.clock.sleep(6 * this.#deps.upstreamLatencyMaxMs)
    await this.#membership.deregister()
    this.#view.stop()
  }

  #requestLoop(): void {
    const { process, requestEveryMs, random, account } = this.#deps
    const next = (): void => {
      if (!this.#serving) return
      void this.#request(random.int(account.appServices))
      process.after(requestEveryMs, next)
    }
    process.after(random.int(requestEveryMs), next)
  }

  async #request(service: number): Promise<void> {
    const { time, history, process } = this.#deps
    const startedMs = time.nowMs
    const attempts = await this.#tryCandidates(service)
    if (attempts.length === 1 && attempts[0]?.accepted) {
      history.requestsAccepted++
      return
    }
    const { instance } = process
    history.add({ kind: 'request', atMs: startedMs, endMs: time.nowMs, instance, attempts })
  }

  async #choose() {
    try {
      return await this.#view.candidates(true)
    } catch {
      return null
    }
  }

  async #tryCandidates(service: number): Promise<readonly Attempt[]> {
    const { health, rollout } = this.#view
    const choice = await this.#choose()
    // The proxy refuses by itself: no version is left that was not refused lately.
    if (choice === null) return this.#heldAsRefused()
    const endTrial = choice.trial ? health.beginTrial() : null
    try {
      const [candidate, other] = choice.candidates
      if (candidate === undefined) return []
      const first = candidate.version
      const sent = await this.#send(candidate, service)
      if (sent.accepted) {
        this.#view.accepted(candidate)
        return [sent]
      }
      if (other === undefined) {
        health.refused(first, !health.isProven(first), true)
        return [sent]
      }
      const second = other.version
      const again = await this.#send(other, service)
      if (again.accepted) {
        health.refused(first, true)
        this.#view.accepted(other)
        rollout?.refused(first)
      } else health.refusedTogether(first, second)
      return [sent, again]
    } finally {
      endTrial?.()
    }
  }

  #heldAsRefused(): readonly Attempt[] {
    const candidates = this.#view.snapshot?.candidates ?? []
    return candidates.map(({ version }) => attemptOf(version, false))
  }

  #send(candidate: Candidate, service: number): Promise<Attempt> {
    const { version } = candidate
    const { process, time, account, random, upstreamLatencyMaxMs } = this.#deps
    const latencyMs = (): number => 1 + random.int(upstreamLatencyMaxMs)
    candidate.began(process.clock.now())
    this.#noteLateUse(version)
    return new Promise((resolve) => {
      const arrive = (): void => {
        const accepted = account.accepts(version.value.expose(), service)
        process.after(latencyMs(), () => {
          candidate.answered(process.clock.now())
          resolve(attemptOf(version, accepted))
        })
      }
      time.after(latencyMs(), arrive, false)
    })
  }

  #noteLateUse({ generation, value }: LiveVersion): void {
    const { history, time, process, isLeft } = this.#deps
    if (!isLeft(generation)) return
    const { instance } = process
    const used = { generation, value: value.expose() }
    history.add({ kind: 'late-use', atMs: time.nowMs, instance, ...used })
  }
}

const NEVER = new AbortController().signal

function attemptOf({ generation, value }: LiveVersion, accepted: boolean): Attempt {
  return { generation, value: value.expose(), accepted }
}
