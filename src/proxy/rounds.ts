import type { Clock, Stop } from '../kernel/ports/clock.ts'

/** So many are called without a pause. */
const CALLS_AT_ONCE = 250

/** Calls everybody who joined once in a period, by one timer for all: thousands of timers take more than what they are for. */
export class Rounds {
  readonly #clock: Clock
  readonly #periodMs: number
  readonly #joined = new Set<() => void>()
  /** Those whose turn is still to come in this round. */
  #left: Iterator<() => void> = [].values()
  #stopTimer: Stop | null = null

  constructor(clock: Clock, periodMs: number) {
    this.#clock = clock
    this.#periodMs = periodMs
  }

  /** `call` is a function of its own for whoever joins, and must not throw. */
  join(call: () => void): Stop {
    this.#joined.add(call)
    if (this.#stopTimer === null) this.#schedule()
    return () => {
      this.#joined.delete(call)
      if (this.#joined.size > 0) return
      this.#stopTimer?.()
      this.#stopTimer = null
    }
  }

  #schedule(): void {
    const parts = Math.ceil(this.#joined.size / CALLS_AT_ONCE)
    this.#stopTimer = this.#clock.after(this.#periodMs / parts, () => {
      this.#schedule()
      this.#callSome()
    })
  }

  #callSome(): void {
    for (let called = 0; called < CALLS_AT_ONCE; called++) {
      let next = this.#left.next()
      if (next.done === true) {
        if (called > 0) return
        this.#left = this.#joined.values()
        next = this.#left.next()
        if (next.done === true) return
      }
      next.value()
    }
  }
}
