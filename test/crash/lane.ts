import { mkdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  startVonageEmulator,
  type VonageEmulator,
} from '../../src/emulator/vonage/start-vonage-emulator.ts'
import type { EmulatorControl } from '../../src/emulator/vonage/control.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { SidekeyHome } from '../e2e/sidekey-process.ts'
import { ACCOUNT, App, PLACEHOLDER } from './app.ts'
import { filesOf, findLeaks, readPages } from './find-leaks.ts'
import { CREDENTIAL, type Found } from './record-log.ts'
import { Replica } from './replica.ts'
import { Witness } from './witness.ts'

/** A rotation every few seconds. */
export const DRAIN_MS = 500
const ROTATION = `{ every: 2s, jitter: 10%, drain: ${DRAIN_MS}ms, standby: hot, revokeBootstrap: auto }`
const POLL_MS = 25

/** An account at an emulated provider, Sidekeys with one store in front of it, an app, and a witness of all of it. */
export class Lane {
  readonly home: SidekeyHome
  readonly control: EmulatorControl
  readonly app: App
  readonly witness: Witness
  readonly #emulator: VonageEmulator
  #replicas: Replica[] = []
  readonly leaks: string[] = []

  private constructor(emulator: VonageEmulator, home: SidekeyHome, perSecond: number) {
    this.#emulator = emulator
    this.control = emulator.control
    this.home = home
    this.app = new App(perSecond, () => this.#replicas)
    const key = Buffer.from(readFileSync(home.path('store-key'), 'utf8'), 'hex')
    this.witness = new Witness(this.control, this.app, home.path('store'), key)
  }

  /** Everything but a Sidekey. */
  static async open(perSecond: number): Promise<Lane> {
    const random = new CryptoRandom()
    const bootstrap = `Bootstrap1${random.id().slice(0, 15)}`
    const clock = new SystemClock()
    const accounts = [{ key: ACCOUNT, secrets: [bootstrap] }]
    const emulator = await startVonageEmulator({ accounts, clock, random })
    emulator.control.watchFor(PLACEHOLDER)
    const home = new SidekeyHome({ 'vonage-secret': bootstrap })
    home.configure(emulator.url, ROTATION)
    mkdirSync(home.path('store'), { mode: 0o700 })
    return new Lane(emulator, home, perSecond)
  }

  async close(): Promise<void> {
    await this.app.stop()
    await this.stopAll()
    this.leaks.push(...findLeaks(filesOf(this.home), this.witness.ever()))
    const { canaryHits } = this.control.state().counters
    if (canaryHits > 0) this.leaks.push(`${canaryHits} placeholders at the provider`)
    this.witness.close()
    await this.#emulator.close()
    this.home.remove()
  }

  /** One more Sidekey on the same store. */
  async start(crashAt?: string): Promise<Replica> {
    const replica = await Replica.start(this.home, crashAt)
    this.#replicas = [...this.#replicas, replica]
    return replica
  }

  get running(): readonly Replica[] {
    return this.#replicas.filter(({ endedAtMs }) => endedAtMs === null)
  }

  /** Every Sidekey ends by SIGTERM. */
  async stopAll(): Promise<void> {
    for (const replica of this.running) await replica.stop()
    this.searchOutputs()
  }

  /** Searches what Sidekeys have printed and show, and forgets those that ended. */
  async searchPages(): Promise<void> {
    for (const { process } of this.running) {
      const text = await readPages(process)
      this.leaks.push(
        ...findLeaks({ [`pages of ${process.child.pid}`]: text }, this.witness.ever()),
      )
    }
    this.searchOutputs()
  }

  searchOutputs(): void {
    for (const { process } of this.#replicas) {
      const texts = { [`output of ${process.child.pid}`]: process.output }
      this.leaks.push(...findLeaks(texts, this.witness.ever()))
    }
    this.#replicas = [...this.running]
  }

  /** The Sidekey that holds the lease, else any. */
  holder(): Replica {
    const lease = JSON.parse(readFileSync(this.home.path(`store/${CREDENTIAL}.lease`), 'utf8')) as {
      readonly process: { readonly pid: number }
    }
    const { running } = this
    const found =
      running.find(({ process }) => process.child.pid === lease.process.pid) ?? running[0]
    if (found === undefined) throw new Error('no Sidekey runs')
    return found
  }

  /** The current generation of what is on the disk; 0 before the first record. */
  generation(): number {
    return this.witness.records.read()?.record.current.generation ?? 0
  }

  /**
   * At rest with a current version that is newer than `generation`: a standby is live and nothing else, nothing is blocked.
   */
  isAtRest(generation: number): boolean {
    const found = this.witness.records.latest
    if (found === null || !this.running.some(({ ready }) => ready)) return false
    const { phase, blocked, current, pending } = found.record
    if (phase !== 'staged' || blocked !== null || current.generation <= generation) return false
    return this.#holds(found, pending?.secretId ?? '')
  }

  #holds({ record: { current } }: Found, standbyId: string): boolean {
    this.witness.look()
    const live = this.witness.live()
    const ours = [current.secretId ?? live.find((id) => id !== standbyId), standbyId]
    return live.length === 2 && live.every((id) => ours.includes(id))
  }

  /** Polls until it holds. False: it did not within the time. */
  async until(holds: () => boolean, withinMs: number): Promise<boolean> {
    const untilMs = performance.now() + withinMs
    while (!holds()) {
      if (performance.now() > untilMs) return false
      await sleep(POLL_MS)
    }
    return true
  }
}
