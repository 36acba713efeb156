import { REPLAY_BURST_PER_SECOND } from '../kernel/limits.ts'

/** One replay in vain costs what ten requests earn: 10 %. */
const REPLAY_COST = 10
const BALANCE_MAX = REPLAY_COST * REPLAY_BURST_PER_SECOND * 10

/**
 * Bounds the replays that do not help: 10 % of the requests and ten per second. A replay that heals costs nothing: the
 * refused version cools down at once, so that such replays end by themselves, however many requests are in flight.
 */
export class ReplayBudget {
  #balance = REPLAY_COST * REPLAY_BURST_PER_SECOND
  #countedAtMs: number

  constructor(nowMs: number) {
    this.#countedAtMs = nowMs
  }

  /** A request came. */
  earn(): void {
    if (this.#balance < BALANCE_MAX) this.#balance += 1
  }

  /** Whether one more is paid for. */
  allows(nowMs: number): boolean {
    const perMs = (REPLAY_COST * REPLAY_BURST_PER_SECOND) / 1_000
    const earned = (nowMs - this.#countedAtMs) * perMs
    this.#balance = Math.min(BALANCE_MAX, this.#balance + earned)
    this.#countedAtMs = nowMs
    return this.#balance >= REPLAY_COST
  }

  /** A replay was refused too. */
  spend(): void {
    this.#balance -= REPLAY_COST
  }
}
