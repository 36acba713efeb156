import type { Phase } from '../kernel/credential.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import { CLOCK_SKEW_MAX_MS, CLOCK_STEP_MAX_MS } from './timing.ts'

const RESTING: ReadonlySet<Phase> = new Set(['idle', 'staged'])

/** How the time has moved since the last decision, beside going on. */
export type Jump = 'back' | 'ahead' | null

/**
 * The time that decisions read: the wall clock at rest, since a rotation is due by the calendar;
 * while a rotation is under way it runs on by the monotonic clock, so that a jump of the wall clock
 * can't end a drain early.
 */
export class SteadyTime {
  readonly #clock: Clock
  /** Since when the monotonic clock counts: since the first decision of a rotation that is under way. */
  #anchor: { readonly wallMs: number; readonly monotonicMs: number } | null = null
  #decided: { readonly atMs: number; readonly monotonicMs: number }

  constructor(clock: Clock) {
    this.#clock = clock
    this.#decided = { atMs: clock.now(), monotonicMs: clock.monotonic() }
  }

  now(phase: Phase): number {
    const { wallMs, monotonicMs } = this.#anchorFor(phase)
    return wallMs + (this.#clock.monotonic() - monotonicMs)
  }

  /** The time of a decision, and whether what was seen before it seems later, or older, than it is. */
  decide(phase: Phase): { readonly nowMs: number; readonly jump: Jump } {
    const nowMs = this.now(phase)
    const before = this.#decided
    const monotonicMs = this.#clock.monotonic()
    this.#decided = { atMs: nowMs, monotonicMs }
    if (nowMs < before.atMs - CLOCK_SKEW_MAX_MS) return { nowMs, jump: 'back' }
    const steppedMs = nowMs - before.atMs - (monotonicMs - before.monotonicMs)
    return { nowMs, jump: steppedMs > CLOCK_STEP_MAX_MS ? 'ahead' : null }
  }

  /** Somebody else decides from now on: what this process counted from may be long ago when it decides again. */
  rest(): void {
    this.#anchor = null
  }

  #anchorFor(phase: Phase) {
    if (RESTING.has(phase)) this.#anchor = null
    const anchor = this.#anchor ?? {
      wallMs: this.#clock.now(),
      monotonicMs: this.#clock.monotonic(),
    }
    if (!RESTING.has(phase)) this.#anchor = anchor
    return anchor
  }
}
