import type { Phase } from '../kernel/credential.ts'
import type { Clock } from '../kernel/ports/clock.ts'

const RESTING: ReadonlySet<Phase> = new Set(['idle', 'staged'])

/**
 * The time that decisions read: the wall clock at rest, since a rotation is due by the calendar;
 * while a rotation is under way it runs on by the monotonic clock, so that a jump of the wall clock
 * can't end a drain early.
 */
export class SteadyTime {
  readonly #clock: Clock
  #anchor: { readonly phase: Phase; readonly wallMs: number; readonly monotonicMs: number } | null =
    null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(phase: Phase): number {
    const { wallMs, monotonicMs } = this.#anchorFor(phase)
    return wallMs + (this.#clock.monotonic() - monotonicMs)
  }

  #anchorFor(phase: Phase) {
    const known = this.#anchor
    if (known !== null && known.phase === phase && !RESTING.has(phase)) return known
    const anchor = { phase, wallMs: this.#clock.now(), monotonicMs: this.#clock.monotonic() }
    this.#anchor = anchor
    return anchor
  }
}
