import type { Clock, Stop } from '../kernel/ports/clock.ts'

/** Does something at most once per `restMs`: at once when it has rested, else once more when it has. */
export class Seldom {
  readonly #clock: Clock
  readonly #restMs: number
  readonly #act: () => void
  #stopRest: Stop | null = null
  #askedAgain = false

  constructor(clock: Clock, restMs: number, act: () => void) {
    this.#clock = clock
    this.#restMs = restMs
    this.#act = act
  }

  ask(): void {
    this.#askedAgain = this.#stopRest !== null
    if (this.#askedAgain) return
    this.#stopRest = this.#clock.after(this.#restMs, () => {
      this.#stopRest = null
      if (this.#askedAgain) this.ask()
    })
    this.#act()
  }

  /** What was asked for and not done yet is not done. */
  stop(): void {
    this.#stopRest?.()
    this.#stopRest = null
  }
}
