import type { Clock } from '../../kernel/ports/clock.ts'
import type { Random } from '../../kernel/ports/random.ts'

const LIFETIME_MS = 3_600_000
const TOKENS_MAX = 1_000

export interface OktaTokensOptions {
  readonly clock: Clock
  readonly random: Random
  /** Of each token, in milliseconds; default 1 hour. */
  readonly tokenLifetimeMs?: number
}

/** The access tokens that an authorization server has issued. */
export class OktaTokens {
  readonly lifetimeMs: number
  readonly #clock: Clock
  readonly #random: Random
  readonly #expiresAtMs = new Map<string, number>()

  constructor({ clock, random, tokenLifetimeMs = LIFETIME_MS }: OktaTokensOptions) {
    this.#clock = clock
    this.#random = random
    this.lifetimeMs = tokenLifetimeMs
  }

  issue(): string {
    const token = `eyJraWQ.${this.#random.id()}.${this.#random.id()}`
    this.#expiresAtMs.set(token, this.#clock.now() + this.lifetimeMs)
    const [oldest] = this.#expiresAtMs.keys()
    if (this.#expiresAtMs.size > TOKENS_MAX && oldest !== undefined) {
      this.#expiresAtMs.delete(oldest)
    }
    return token
  }

  isLive(token: string): boolean {
    return (this.#expiresAtMs.get(token) ?? 0) > this.#clock.now()
  }

  /** Ends every token at once, as an administrator can. */
  revokeAll(): void {
    this.#expiresAtMs.clear()
  }
}
