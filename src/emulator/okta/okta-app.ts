import { createHash } from 'node:crypto'
import type { Clock } from '../../kernel/ports/clock.ts'
import type { Random } from '../../kernel/ports/random.ts'

export const SECRETS_MAX = 2
/** Shorter values are refused; the reference asks for 32 characters only where the app signs with the secret. */
const VALUE_LENGTH_MIN = 14

/** A secret as the API shows it: the value stands in every answer. */
export interface OktaSecret {
  readonly id: string
  readonly created: string
  readonly lastUpdated: string
  readonly secret_hash: string
  readonly client_secret: string
  readonly status: 'ACTIVE' | 'INACTIVE'
}

/** An app and its client secrets, the oldest first. */
export class OktaApp {
  readonly #clock: Clock
  readonly #random: Random
  #secrets: readonly OktaSecret[] = []

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock
    this.#random = random
  }

  get secrets(): readonly OktaSecret[] {
    return this.#secrets
  }

  find(id: string): OktaSecret | undefined {
    return this.#secrets.find((secret) => secret.id === id)
  }

  authenticates(value: string): boolean {
    return this.#secrets.some((one) => one.status === 'ACTIVE' && one.client_secret === value)
  }

  /** Without a value it makes one. */
  create(given?: string): OktaSecret | 'slots-full' | 'invalid-value' {
    if (this.#secrets.length >= SECRETS_MAX) return 'slots-full'
    const value = given ?? `${this.#random.id()}${this.#random.id()}`
    const isKnown = this.#secrets.some((secret) => secret.client_secret === value)
    if (value.length < VALUE_LENGTH_MIN || isKnown) return 'invalid-value'
    const nowText = new Date(this.#clock.now()).toISOString()
    const secret: OktaSecret = {
      id: `ocs${this.#random.id().slice(0, 17)}`,
      created: nowText,
      lastUpdated: nowText,
      secret_hash: createHash('sha256').update(value).digest('base64url').slice(0, 22),
      client_secret: value,
      status: 'ACTIVE',
    }
    this.#secrets = [...this.#secrets, secret]
    return secret
  }

  /** False for the only active one. */
  deactivate(id: string): boolean {
    const others = this.#secrets.filter((one) => one.id !== id && one.status === 'ACTIVE')
    if (others.length > 0) this.#setStatus(id, 'INACTIVE')
    return others.length > 0
  }

  activate(id: string): void {
    this.#setStatus(id, 'ACTIVE')
  }

  /** False while it is active. */
  delete(id: string): boolean {
    if (this.find(id)?.status === 'ACTIVE') return false
    this.#secrets = this.#secrets.filter((secret) => secret.id !== id)
    return true
  }

  #setStatus(id: string, status: OktaSecret['status']): void {
    const lastUpdated = new Date(this.#clock.now()).toISOString()
    this.#secrets = this.#secrets.map((one) =>
      one.id === id ? { ...one, status, lastUpdated } : one,
    )
  }
}
