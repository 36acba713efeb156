import { REPLAY_BURST_PER_SECOND } from '../kernel/limits.ts'

/** How many replays in vain the requests so far may pay for. */
const REPLAY_SHARE = 0.1
const TOKENS_MAX = REPLAY_BURST_PER_SECOND * 10

/**
 * Bounds the replays that do not help: 10 % of the requests and ten per second. A replay that heals costs nothing: the
 * refused version cools down at once, so that such replays end by themselves, however many requests are in flight.
 */
export class ReplayBudget {
  #tokens = REPLAY_BURST_PER_SECOND
  #countedAtMs: number

  constructor(nowMs: number) {
    this.#countedAtMs = nowMs
  }

  /** A request came. */
  earn(): void {
    if (this.#tokens < TOKENS_MAX) this.#tokens += REPLAY_SHARE
  }

  allows(nowMs: number): boolean {
    const earned = ((nowMs - this.#countedAtMs) / 1_000) * REPLAY_BURST_PER_SECOND
    this.#tokens = Math.min(TOKENS_MAX, this.#tokens + earned)
    this.#countedAtMs = nowMs
    return this.#tokens >= 1
  }

  /** A replay was refused too. */
  spend(): void {
    this.#tokens -= 1
  }
}
