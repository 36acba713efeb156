import type { ManagementAuth } from '../../../src/kernel/ports/provider.ts'
import type { SeededRandom } from '../../fakes/random.ts'
import type { Maker, Recorder } from '../history.ts'
import type { ProviderFate } from './faults.ts'
import type { VirtualTime } from './virtual-time.ts'

const SLOTS = 2

/** How this provider behaves; drawn once per seed. */
export interface ProviderHabits {
  readonly services: number
  /** One more service, which no probe asks. */
  readonly hiddenService: boolean
  /** A created secret is refused by a service for up to this long, in milliseconds. */
  readonly createLagMaxMs: number
  readonly revokeLagMaxMs: number
  /** A list may be as old as this, in milliseconds. */
  readonly listStaleMaxMs: number
  readonly duplicate: 'refused' | 'created'
  /** Which refusal comes first when the account is full and has the value already. */
  readonly fullFirst: boolean
  /** Whether this is a working secret of the account that manages this one; null: the account's own secret does. */
  readonly manager: ((auth: ManagementAuth) => boolean) | null
}

interface SimSecret {
  readonly secretId: string
  readonly value: string
  readonly by: Maker
  readonly createdAtMs: number
  readonly createLagMs: readonly number[]
  readonly revokeLagMs: readonly number[]
  revokedAtMs: number | null
  /** By the hidden service alone. */
  halfRefused: boolean
}

/** What a provider is asked for. */
export type Operation = 'list' | 'create' | 'verify' | 'revoke'

/** The truth at the provider: one account with two slots, and services that learn of changes late. */
export class SimAccount {
  readonly habits: ProviderHabits
  readonly #time: VirtualTime
  readonly #random: SeededRandom
  readonly #history: Recorder
  readonly #secrets: SimSecret[] = []
  /** Decides what becomes of the next call. */
  fateOf: (operation: Operation) => ProviderFate | 'deliver' = () => 'deliver'
  #calls = 0
  #halfRefuseNext = false

  constructor(
    time: VirtualTime,
    random: SeededRandom,
    history: Recorder,
    habits: ProviderHabits,
    bootstrap: string,
  ) {
    this.#time = time
    this.#random = random
    this.#history = history
    this.habits = habits
    this.insert(bootstrap, 'bootstrap', 0)
  }

  /** How many services the app uses. */
  get appServices(): number {
    return this.habits.services + (this.habits.hiddenService ? 1 : 0)
  }

  /** The next secret of ours is refused by the hidden service. */
  refuseHalfOfNext(): void {
    this.#halfRefuseNext = true
  }

  /** The hidden service takes this value after all; null: every one, also the next. */
  refuseNoHalf(value: string | null): void {
    if (value === null) this.#halfRefuseNext = false
    for (const secret of this.#secrets) {
      if (value === null || secret.value === value) secret.halfRefused = false
    }
  }

  nextCall(): number {
    return this.#calls++
  }

  live(): readonly SimSecret[] {
    return this.#secrets.filter((secret) => secret.revokedAtMs === null)
  }

  /** Whether one service takes this value now. */
  accepts(value: string, service: number): boolean {
    const nowMs = this.#time.nowMs
    return this.#secrets.some((secret) => {
      if (secret.value !== value) return false
      if (secret.halfRefused && service === this.habits.services) return false
      if (nowMs < secret.createdAtMs + (secret.createLagMs[service] ?? 0)) return false
      return (
        secret.revokedAtMs === null ||
        nowMs < secret.revokedAtMs + (secret.revokeLagMs[service] ?? 0)
      )
    })
  }

  acceptedEverywhere(value: string): boolean {
    for (let service = 0; service < this.habits.services; service++) {
      if (!this.accepts(value, service)) return false
    }
    return true
  }

  authenticates(auth: ManagementAuth): boolean {
    const { manager } = this.habits
    return manager === null ? this.accepts(auth.secret.expose(), 0) : manager(auth)
  }

  /** What a list shows: the account as it was a moment ago. */
  listed(): readonly SimSecret[] {
    const stale = this.habits.listStaleMaxMs
    const asOfMs = this.#time.nowMs - (stale === 0 ? 0 : this.#random.int(stale))
    return this.#secrets.filter(
      (secret) =>
        (secret.createdAtMs <= asOfMs || secret.by === 'bootstrap') &&
        (secret.revokedAtMs === null || secret.revokedAtMs > asOfMs),
    )
  }

  insert(value: string, by: Maker, lagMaxMs = this.habits.createLagMaxMs): SimSecret {
    const lag = (maxMs: number): number[] =>
      Array.from({ length: this.habits.services }, () =>
        maxMs === 0 ? 0 : this.#random.int(maxMs),
      )
    const secret: SimSecret = {
      secretId: `s${this.#secrets.length + 1}-${by}`,
      value,
      by,
      createdAtMs: this.#time.nowMs,
      createLagMs: lag(lagMaxMs),
      revokeLagMs: lag(this.habits.revokeLagMaxMs),
      revokedAtMs: null,
      halfRefused: by === 'us' && this.#halfRefuseNext,
    }
    if (by === 'us') this.#halfRefuseNext = false
    this.#secrets.push(secret)
    this.#history.add({
      kind: 'created',
      atMs: this.#time.nowMs,
      by,
      secretId: secret.secretId,
      value,
      usableFromMs: this.#time.nowMs + Math.max(...secret.createLagMs),
    })
    return secret
  }

  create(value: string, by: Maker): 'slots-full' | 'invalid-value' | SimSecret {
    const live = this.live()
    const full = live.length >= SLOTS
    const known = live.some((secret) => secret.value === value)
    if (full && this.habits.fullFirst) return 'slots-full'
    if (known && this.habits.duplicate === 'refused') return 'invalid-value'
    return full ? 'slots-full' : this.insert(value, by)
  }

  revoke(secretId: string, by: Maker, auth: string | null): 'revoked' | 'absent' | 'last-secret' {
    const live = this.live()
    const secret = live.find((one) => one.secretId === secretId)
    if (secret === undefined) return 'absent'
    if (live.length === 1) return 'last-secret'
    secret.revokedAtMs = this.#time.nowMs
    this.#history.add({ kind: 'revoked', atMs: this.#time.nowMs, by, secretId, auth })
    return 'revoked'
  }
}
