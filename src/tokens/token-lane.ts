import type { LiveVersion } from '../kernel/credential.ts'
import type { Clock, Stop } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { HeldToken } from '../kernel/ports/token-source.ts'
import type { TokenAnswer } from './request-token.ts'

/** Share of its lifetime after which a token is replaced; up to a tenth more or less, so that replicas spread. */
const RENEW_AT_RATIO = 0.7
const JITTER_RATIO = 0.1
/** A token is not used in its last seconds, in which it may expire on its way; of a short one, in its last tenth. */
const EXPIRY_MARGIN_MS = 5_000
/** Endpoints that hand out one token until it expires would be asked without end otherwise. */
const RENEW_DELAY_MIN_MS = 5_000
/** After a failure: doubled each time, up to the maximum. */
const RETRY_FIRST_MS = 1_000
const RETRY_MAX_MS = 60_000
/** Where only an operator, or a rotation, can help. */
const REFUSED_RETRY_FIRST_MS = 10_000
const REFUSED_RETRY_MAX_MS = 300_000
/**
 * Between two renewals that upstreams asked for by a refusal; doubled while refusals go on, since a 401 may have
 * nothing to do with the token.
 */
const REFUSED_TOKEN_FIRST_MS = 10_000
const REFUSED_TOKEN_MAX_MS = 300_000

export interface TokenLaneDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly credentialId: string
  readonly request: (version: LiveVersion) => Promise<TokenAnswer>
  /** The endpoint says that this version's secret is wrong. */
  readonly refused: (version: LiveVersion) => void
  /** There is another token. */
  readonly changed: () => void
}

interface Good extends HeldToken {
  readonly askedAtMs: number
  /** Monotonic, as all times here. */
  readonly goodUntilMs: number
}

/** The token of one secret version: asked for once at a time, replaced before it expires. */
export class TokenLane {
  /** Its stage may change while it lives. */
  version: LiveVersion
  readonly #deps: TokenLaneDeps
  #good: Good | null = null
  #before: Good | null = null
  #asking: Promise<boolean> | null = null
  #stopTimer: Stop | null = null
  #stopped = false
  #failures = 0
  #notBeforeMs = 0
  #refusalRenewedAtMs = -Infinity
  #refusalPauseMs = 0

  constructor(version: LiveVersion, deps: TokenLaneDeps) {
    this.version = version
    this.#deps = deps
  }

  /** Null while there is none that is still good. */
  get token(): HeldToken | null {
    const good = this.#good
    return good !== null && this.#deps.clock.monotonic() < good.goodUntilMs ? good : null
  }

  /** This one, and the one before it, which requests may still carry. */
  get all(): readonly HeldToken[] {
    return [this.#good, this.#before].filter((token) => token !== null)
  }

  /** Milliseconds until the endpoint may be asked again; 0: now. */
  get pauseMs(): number {
    return Math.max(0, this.#notBeforeMs - this.#deps.clock.monotonic())
  }

  /** Asks for a token, or joins whoever asks. @returns whether there is one that is good */
  async obtain(): Promise<boolean> {
    if (this.token !== null) return true
    if (this.#asking === null && this.pauseMs > 0) return false
    return this.#ask()
  }

  /** @returns whether there is another one than the refused one, which must be of this lane */
  async renew(refused: HeldToken): Promise<boolean> {
    const isOther = () => this.token !== null && !this.token.value.equals(refused.value)
    if (isOther()) return true
    const nowMs = this.#deps.clock.monotonic()
    if (this.#asking === null) {
      const sinceMs = nowMs - this.#refusalRenewedAtMs
      if (sinceMs < this.#refusalPauseMs || this.pauseMs > 0) return false
      const calm = sinceMs > 2 * this.#refusalPauseMs
      this.#refusalPauseMs = calm
        ? REFUSED_TOKEN_FIRST_MS
        : Math.min(this.#refusalPauseMs * 2, REFUSED_TOKEN_MAX_MS)
      this.#refusalRenewedAtMs = nowMs
    }
    await this.#ask()
    return isOther()
  }

  stop(): void {
    this.#stopped = true
    this.#stopTimer?.()
  }

  #ask(): Promise<boolean> {
    this.#asking ??= this.#exchange().finally(() => {
      this.#asking = null
    })
    return this.#asking
  }

  async #exchange(): Promise<boolean> {
    this.#stopTimer?.()
    const askedAtMs = this.#deps.clock.monotonic()
    const answer = await this.#deps.request(this.version)
    if (this.#stopped) return false
    if (answer.kind === 'issued') this.#accept(answer, askedAtMs)
    else this.#failed(answer)
    return this.token !== null
  }

  #accept(
    { value, lifetimeMs }: Extract<TokenAnswer, { kind: 'issued' }>,
    askedAtMs: number,
  ): void {
    const { clock, log, credentialId } = this.#deps
    const marginMs = Math.min(EXPIRY_MARGIN_MS, lifetimeMs / 10)
    const isNew = this.#good?.value.equals(value) !== true
    if (isNew) this.#before = this.#good
    const goodUntilMs = askedAtMs + lifetimeMs - marginMs
    this.#good = { version: this.version, value, askedAtMs, goodUntilMs }
    this.#failures = 0
    this.#notBeforeMs = 0
    const ratio = RENEW_AT_RATIO + this.#spread() * JITTER_RATIO
    const renewInMs = askedAtMs + lifetimeMs * ratio - clock.monotonic()
    this.#askIn(Math.max(renewInMs, RENEW_DELAY_MIN_MS))
    if (!isNew) return
    const { versionId } = this.version
    log.debug('token obtained', { credential: credentialId, versionId, lifetimeMs })
    this.#deps.changed()
  }

  #failed(answer: Exclude<TokenAnswer, { kind: 'issued' }>): void {
    const { clock, log, credentialId } = this.#deps
    const { versionId } = this.version
    this.#failures++
    const pauseMs = this.#pauseAfter(answer)
    this.#notBeforeMs = clock.monotonic() + pauseMs
    log.warn('token not obtained', {
      credential: credentialId,
      versionId,
      reason: answer.kind,
      pauseMs,
    })
    this.#askIn(pauseMs)
    if (answer.kind === 'refused') this.#deps.refused(this.version)
  }

  #pauseAfter(answer: Exclude<TokenAnswer, { kind: 'issued' }>): number {
    if (answer.kind === 'throttled') return answer.retryAfterMs
    const lasting = answer.kind !== 'unavailable'
    const first = lasting ? REFUSED_RETRY_FIRST_MS : RETRY_FIRST_MS
    const most = lasting ? REFUSED_RETRY_MAX_MS : RETRY_MAX_MS
    const pauseMs = Math.min(first * 2 ** Math.min(this.#failures - 1, 16), most)
    return Math.round(pauseMs * (1 + this.#spread() * JITTER_RATIO))
  }

  /** -1 to 1. */
  #spread(): number {
    return this.#deps.random.int(2_001) / 1_000 - 1
  }

  #askIn(delayMs: number): void {
    if (this.#stopped) return
    this.#stopTimer?.()
    this.#stopTimer = this.#deps.clock.after(delayMs, () => void this.#ask())
  }
}
