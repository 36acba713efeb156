import type { CredentialRecord, Phase } from '../../../src/kernel/credential.ts'
import { StoreUnavailableError } from '../../../src/kernel/errors.ts'
import type { RotationPolicy } from '../../../src/kernel/policy.ts'
import type { StoreVersion } from '../../../src/kernel/ports/store.ts'
import type { RotationState, RotationTelemetry } from '../../../src/kernel/ports/telemetry.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { type Look, Rotator, type RotatorDeps } from '../../../src/rotation/rotator.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { FakeProvider } from '../../fakes/fake-provider.ts'
import { RecordingLog } from '../../fakes/log.ts'
import { MemoryStorage, MemoryStore } from '../../fakes/memory-store.ts'
import { SeededRandom } from '../../fakes/random.ts'

export const ID = 'partner'
export const BOOTSTRAP = 'Bootstrap0Secret'
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

export const POLICY: RotationPolicy = {
  everyMs: 30 * DAY_MS,
  jitterRatio: 0.1,
  drainMs: HOUR_MS,
  standby: 'hot',
  revokeBootstrap: 'auto',
  memberSilentMs: 300_000,
  windows: [],
  blackouts: [],
}

/** Thrown at an armed crash point: the process dies there. */
export class Crash extends Error {}

export class RecordingTelemetry implements RotationTelemetry {
  readonly results: string[] = []
  readonly states: RotationState[] = []
  state(state: RotationState): void {
    this.states.push(state)
  }
  rotation(_credentialId: string, result: string): void {
    this.results.push(result)
  }
  providerCall(): void {}
}

/** Keeps every record that was written, and can lose a write before it arrives. */
export class RecordingStore extends MemoryStore {
  readonly written: CredentialRecord[] = []
  /** Called when a write has happened and its writer does not know yet. */
  afterWrite: (record: CredentialRecord) => Promise<void> = async () => {}
  #loseWrites = 0

  loseNextWrite(): void {
    this.#loseWrites++
  }

  override async compareAndSwap(
    credentialId: string,
    expected: StoreVersion | null,
    record: CredentialRecord,
  ): Promise<StoreVersion> {
    if (this.#loseWrites > 0) {
      this.#loseWrites--
      throw new StoreUnavailableError('the write was lost')
    }
    const version = await super.compareAndSwap(credentialId, expected, record)
    this.written.push(record)
    await this.afterWrite(record)
    return version
  }
}

/** One account, one store, and a process that can die and be started again. */
export class Bench {
  readonly clock = new FakeClock()
  readonly provider = new FakeProvider(this.clock, BOOTSTRAP)
  readonly storage = new MemoryStorage()
  readonly store = new RecordingStore(this.clock, this.storage)
  readonly random = new SeededRandom(7)
  readonly log = new RecordingLog()
  readonly telemetry = new RecordingTelemetry()
  readonly crashPoints: string[] = []
  policy: RotationPolicy
  deps: Partial<RotatorDeps> = {}
  /** The next pass of this crash point kills the process. */
  #armed: { readonly name: string; skip: number } | null = null
  #lives = 0
  rotator: Rotator

  constructor(policy: Partial<RotationPolicy> = {}, deps: Partial<RotatorDeps> = {}) {
    this.policy = { ...POLICY, ...policy }
    this.deps = deps
    this.rotator = this.start()
  }

  /** A new process over the same store and the same account. */
  start(): Rotator {
    this.rotator = this.another()
    return this.rotator
  }

  /** Another process beside the first one. */
  another(): Rotator {
    return new Rotator(this.rotatorDeps())
  }

  /** What a process gives its rotator. */
  rotatorDeps(): RotatorDeps {
    return {
      credentialId: ID,
      account: this.provider.account,
      providerName: 'fake',
      policy: this.policy,
      provider: this.provider,
      store: this.store,
      clock: this.clock,
      random: this.random,
      log: this.log,
      telemetry: this.telemetry,
      crashPoint: (name) => {
        this.crashPoints.push(name)
        const armed = this.#armed
        if (armed?.name !== name || armed.skip-- > 0) return
        this.#armed = null
        throw new Crash(name)
      },
      instance: `life-${++this.#lives}`,
      bootstrapSecret: async () => new SecretValue(BOOTSTRAP),
      fingerprint: (value) => `fp-${value.expose().slice(0, 4)}`,
      managedBy: null,
      ...this.deps,
    }
  }

  armCrash(name: string, skip = 0): void {
    this.#armed = { name, skip }
  }

  get armed(): boolean {
    return this.#armed !== null
  }

  get record(): CredentialRecord {
    const record = this.stored
    if (record === undefined) throw new Error('nothing is stored')
    return record
  }

  get stored(): CredentialRecord | undefined {
    return this.storage.records.get(ID)?.record
  }

  look(): Promise<Look> {
    return this.rotator.look(new AbortController().signal)
  }

  /** Looks whenever it is due, for this long; restarts the process when it dies. */
  async run(forMs: number, until: () => boolean = () => false): Promise<Look> {
    const endMs = this.clock.now() + forMs
    for (;;) {
      const look = await this.lookOrRestart()
      if (until() || look.nextLookAtMs >= endMs) {
        if (!until()) await this.clock.advance(endMs - this.clock.now())
        return look
      }
      await this.clock.advance(Math.max(1, look.nextLookAtMs - this.clock.now()))
    }
  }

  /** Runs until the credential is in this phase. */
  async reach(phase: Phase, withinMs = 60 * DAY_MS): Promise<Look> {
    const look = await this.run(withinMs, () => this.stored?.phase === phase)
    if (this.record.phase !== phase) {
      throw new Error(`stuck in ${this.record.phase}, ${look.reason}, instead of ${phase}`)
    }
    return look
  }

  /** Runs until the credential has passed through this phase since now, however shortly. */
  async pass(phase: Phase, withinMs = HOUR_MS): Promise<void> {
    const before = this.store.written.length
    const passed = () => this.store.written.slice(before).some((one) => one.phase === phase)
    const look = await this.run(withinMs, passed)
    if (!passed()) throw new Error(`in ${this.record.phase}, ${look.reason}; never ${phase}`)
  }

  /** A replica reports what it holds, as the data plane does. */
  async member(
    instance: string,
    held: readonly number[],
    lastUse: Readonly<Record<number, number>> = {},
  ): Promise<void> {
    const [ackGeneration = 0] = held
    const atMs = this.clock.now()
    await this.store.publishMember(ID, { instance, held, ackGeneration, lastUse, atMs })
  }

  async lookOrRestart(): Promise<Look> {
    try {
      return await this.look()
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      this.start()
      // A supervisor takes its time, and the old lease has to run out.
      return { nextLookAtMs: this.clock.now() + 1_000, reason: 'stopping' }
    }
  }
}
