import { expect, test } from 'vitest'
import { liveVersions } from '../../../src/kernel/credential.ts'
import type { RotationPolicy } from '../../../src/kernel/policy.ts'
import type { ManagementAuth } from '../../../src/kernel/ports/provider.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { Rotator } from '../../../src/rotation/rotator.ts'
import { RotationScheduler } from '../../../src/rotation/scheduler.ts'
import { FakeClock, settle } from '../../fakes/clock.ts'
import { FakeProvider } from '../../fakes/fake-provider.ts'
import { RecordingLog } from '../../fakes/log.ts'
import { MemoryStorage } from '../../fakes/memory-store.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { Crash, POLICY, RecordingStore, RecordingTelemetry } from './bench.ts'

// A primary and its secondary rotate beside each other in one process, which is killed again and again, and whose calls
// and answers are lost: neither loses a secret, and there is always one of the primary's that manages both.

const PRIMARY = 'primary'
const SECONDARY = 'secondary'
const FAULTY_MS = 1_200_000
const ACTIONS = ['list', 'create', 'revoke'] as const
const ROTATES_OFTEN: RotationPolicy = { ...POLICY, everyMs: 40_000, drainMs: 2_000 }

class Family {
  readonly clock = new FakeClock()
  readonly store = new RecordingStore(this.clock, new MemoryStorage())
  readonly primary = new FakeProvider(this.clock, 'Primary0Bootstrap')
  readonly secondary = new FakeProvider(this.clock, 'Secondary0Bootstrap')
  readonly #random: SeededRandom
  #scheduler: RotationScheduler
  #crashIn = Infinity
  crashes = 0
  lives = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.secondary.managedBy = ({ secret }) => this.primary.accepts(secret.expose())
    this.primary.revokeLagMs = this.#random.int(2) * 3_000
    this.#scheduler = this.#start()
  }

  #start(): RotationScheduler {
    const process = { dead: false }
    this.lives++
    const rotators = new Map([
      [PRIMARY, this.#rotator(PRIMARY, this.primary, process)],
      [SECONDARY, this.#rotator(SECONDARY, this.secondary, process)],
    ])
    const managers = new Map([[SECONDARY, PRIMARY]])
    const log = new RecordingLog()
    const scheduler = new RotationScheduler({ rotators, clock: this.clock, log, managers })
    scheduler.start()
    return scheduler
  }

  #rotator(credentialId: string, provider: FakeProvider, process: { dead: boolean }): Rotator {
    const bootstrap = provider === this.primary ? 'Primary0Bootstrap' : 'Secondary0Bootstrap'
    return new Rotator({
      credentialId,
      account: provider.account,
      providerName: 'fake',
      policy: ROTATES_OFTEN,
      provider,
      store: this.store,
      clock: this.clock,
      random: this.#random,
      log: new RecordingLog(),
      telemetry: new RecordingTelemetry(),
      crashPoint: () => this.#pass(process),
      instance: `life-${this.lives}`,
      bootstrapSecret: async () => new SecretValue(bootstrap),
      fingerprint: (value) => value.expose(),
      managedBy: credentialId === PRIMARY ? null : () => this.#management(),
    })
  }

  /** As `wiring/build-units.ts` does it: what requests may use, the first to try first. */
  async #management(): Promise<readonly ManagementAuth[]> {
    const stored = await this.store.read(PRIMARY)
    const versions = stored === null ? [] : liveVersions(stored.record)
    return versions.map(({ value }) => ({ account: this.primary.account, secret: value }))
  }

  /** Everything that has an effect passes here first; what is dead has none any more. */
  #pass(process: { dead: boolean }): void {
    if (!process.dead && this.#crashIn-- > 0) return
    if (!process.dead) {
      process.dead = true
      this.#crashIn = Infinity
      this.crashes++
      // Its looks end at the next thing that they would do; its leases are free.
      void this.#scheduler.stop()
      this.clock.after(500 + this.#random.int(3_000), () => (this.#scheduler = this.#start()))
    }
    throw new Crash('killed')
  }

  async liveThroughFaults(): Promise<void> {
    for (const endMs = this.clock.now() + FAULTY_MS; this.clock.now() < endMs;) {
      const provider = this.#random.int(2) === 0 ? this.primary : this.secondary
      const action = ACTIONS[this.#random.int(ACTIONS.length)] ?? 'list'
      const fate = this.#random.int(5)
      if (fate === 0) provider.loseNextAnswer(action)
      else if (fate === 1) provider.loseNextRequest(action)
      else if (fate === 2) provider.delayNextRequest(action)
      else this.#crashIn = this.#random.int(30)
      await this.clock.advance(10_000 + this.#random.int(40_000))
      if (this.#random.int(3) === 0) provider.deliverLate()
    }
    this.#crashIn = Infinity
    for (const provider of [this.primary, this.secondary]) provider.deliverLate()
  }

  async settle(): Promise<void> {
    await this.clock.advance(300_000)
    await this.#scheduler.stop()
    await settle()
  }
}

test.each(Array.from({ length: 25 }, (_, n) => n + 1))(
  'a primary and its secondary survive every kill together: seed %i',
  async (seed) => {
    const family = new Family(seed)
    await family.liveThroughFaults()
    await family.settle()
    const blocks = family.store.written.flatMap(({ blocked }) => blocked?.reason ?? [])
    expect(blocks).not.toContain('no-working-secret')
    expect(family.crashes).toBeGreaterThan(3)
    for (const [id, provider] of [
      [PRIMARY, family.primary],
      [SECONDARY, family.secondary],
    ] as const) {
      const stored = await family.store.read(id)
      if (stored === null) throw new Error('nothing is stored')
      const { current, pending, previous, blocked } = stored.record
      expect(blocked).toBeNull()
      const known = [current, pending, previous].map((version) => version?.value.expose())
      const live = provider.live().map(({ value }) => value)
      expect(known).toEqual(expect.arrayContaining(live))
      expect(live.length).toBeGreaterThanOrEqual(1)
      expect(current.generation).toBeGreaterThan(2)
    }
    const auths = family.secondary.calls.filter(({ operation }) => operation === 'revoke')
    expect(auths.length).toBeGreaterThan(1)
  },
)
