import { SecretValue } from '../../kernel/secret-value.ts'
import type { EmulatorSettings, LagHost } from './settings.ts'

/** Revoked secrets that are remembered, so that their use can still be named and a revoke lag served. */
const REVOKED_MAX = 64

type Lag = EmulatorSettings['createLagMs']
const NO_LAG: Lag = { api: 0, rest: 0 }

/** One secret. Its value can be compared, and given to a search for leaks; no answer ever holds it. */
export class EmulatedSecret {
  readonly id: string
  readonly createdAtMs: number
  /** Lags do not apply to what was there from the start. */
  readonly initial: boolean
  revokedAtMs: number | null = null
  /** Requests that it has authenticated. */
  requests = 0
  lastUsedAtMs: number | null = null
  /** Rises with each use by traffic, so that the newest use is known within a millisecond; 0 before the first. */
  trafficOrder = 0
  readonly #value: string
  readonly #lagMs: Lag

  /** `lagMs` null: it was there from the start. */
  constructor(id: string, value: string, createdAtMs: number, lagMs: Lag | null) {
    this.id = id
    this.createdAtMs = createdAtMs
    this.initial = lagMs === null
    this.#lagMs = lagMs ?? NO_LAG
    this.#value = value
  }

  get value(): SecretValue {
    return new SecretValue(this.#value)
  }

  matches(text: string): boolean {
    return this.#value === text
  }

  /**
   * Whether a host accepts it now, lags included. A create lag that is set later holds for what is created later: a
   * secret that was accepted is not unmade by it. One that is shortened ends for all.
   */
  isAccepted(host: LagHost, settings: EmulatorSettings, nowMs: number): boolean {
    const lagMs = Math.min(this.#lagMs[host], settings.createLagMs[host])
    const fromMs = this.initial ? 0 : this.createdAtMs + lagMs
    if (nowMs < fromMs) return false
    return this.revokedAtMs === null || nowMs < this.revokedAtMs + settings.revokeLagMs[host]
  }

  /** Whether it existed at an instant. */
  existedAt(atMs: number): boolean {
    const created = this.initial || this.createdAtMs <= atMs
    return created && (this.revokedAtMs === null || this.revokedAtMs > atMs)
  }
}

export type AddOutcome =
  | { readonly kind: 'created'; readonly secret: EmulatedSecret }
  | { readonly kind: 'weak' | 'duplicate' | 'slots-full' }

export type RemoveOutcome = 'revoked' | 'absent' | 'last-secret'

/** An account and its secrets. A secondary account has a primary, which may manage its secrets. */
export class EmulatedAccount {
  readonly key: string
  readonly primary: string | null
  name: string
  suspended = false
  readonly createdAtMs: number
  #secrets: readonly EmulatedSecret[] = []

  constructor(key: string, primary: string | null, name: string, createdAtMs: number) {
    this.key = key
    this.primary = primary
    this.name = name
    this.createdAtMs = createdAtMs
  }

  /** Live and recently revoked ones, the oldest first. */
  get secrets(): readonly EmulatedSecret[] {
    return this.#secrets
  }

  get live(): readonly EmulatedSecret[] {
    return this.#secrets.filter(({ revokedAtMs }) => revokedAtMs === null)
  }

  /** The secret with this value that is accepted, else one that was or will be, else null. */
  identify(
    value: string,
    host: LagHost,
    settings: EmulatorSettings,
    nowMs: number,
  ): { readonly secret: EmulatedSecret; readonly accepted: boolean } | null {
    let known: EmulatedSecret | null = null
    for (const secret of this.#secrets) {
      if (!secret.matches(value)) continue
      if (secret.isAccepted(host, settings, nowMs)) return { secret, accepted: true }
      known = secret
    }
    return known === null ? null : { secret: known, accepted: false }
  }

  /** Puts a secret there as the provider's dashboard would have, before the emulator started. */
  seed(id: string, value: string, createdAtMs: number): void {
    this.#keep(new EmulatedSecret(id, value, createdAtMs, null))
  }

  add(id: string, value: string, settings: EmulatorSettings, nowMs: number): AddOutcome {
    if (settings.weakValue === 'refuse' && !isStrong(value)) return { kind: 'weak' }
    const { live } = this
    if (settings.duplicateValue === 400 && live.some((secret) => secret.matches(value))) {
      return { kind: 'duplicate' }
    }
    if (live.length >= settings.secretsMax) return { kind: 'slots-full' }
    const secret = new EmulatedSecret(id, value, nowMs, settings.createLagMs)
    this.#keep(secret)
    return { kind: 'created', secret }
  }

  remove(id: string, nowMs: number, force = false): RemoveOutcome {
    const secret = this.live.find((each) => each.id === id)
    if (secret === undefined) return 'absent'
    if (this.live.length === 1 && !force) return 'last-secret'
    secret.revokedAtMs = nowMs
    return 'revoked'
  }

  #keep(secret: EmulatedSecret): void {
    const revoked = this.#secrets.filter(({ revokedAtMs }) => revokedAtMs !== null)
    const forgotten = new Set(revoked.slice(0, Math.max(revoked.length - REVOKED_MAX, 0)))
    this.#secrets = [...this.#secrets.filter((each) => !forgotten.has(each)), secret]
  }
}

function isStrong(value: string): boolean {
  return (
    value.length >= 8 &&
    value.length <= 25 &&
    /[a-z]/.test(value) &&
    /[A-Z]/.test(value) &&
    /[0-9]/.test(value)
  )
}
