import type { Clock } from '../kernel/ports/clock.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { Step } from './step.ts'
import {
  REST_LOOKS_PER_SECOND,
  ROTATION_SPACING_JITTER_MS,
  ROTATION_SPACING_MS,
  ROTATION_TURN_MS,
} from './timing.ts'

/**
 * Spaces the rotations of a process, hot standbys of a first start included: thousands of accounts
 * that are due at once begin at most two per second. One for all rotators of a process.
 */
export class RotationPace {
  readonly #clock: Clock
  readonly #random: Random
  #freeAtMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** The place of one rotator in the queue. */
  turn(): RotationTurn {
    return new RotationTurn(this.#clock, () => this.#reserve())
  }

  /** The next free instant, monotonic; the one after it follows at a jittered distance. */
  #reserve(): number {
    const atMs = Math.max(this.#clock.monotonic(), this.#freeAtMs)
    this.#freeAtMs = atMs + ROTATION_SPACING_MS + this.#random.int(ROTATION_SPACING_JITTER_MS)
    return atMs
  }
}

/** When one credential's rotation may begin. */
export class RotationTurn {
  readonly #clock: Clock
  readonly #reserve: () => number
  #atMs: number | null = null

  constructor(clock: Clock, reserve: () => number) {
    this.#clock = clock
    this.#reserve = reserve
  }

  /** How long a step has to wait for its turn; 0: it goes ahead, and its turn is spent. */
  waitMs(step: Step): number {
    if (step.kind !== 'prepare' && step.kind !== 'promote') return 0
    const nowMs = this.#clock.monotonic()
    // Nobody waits in a queue while a secret is compromised or refused; the queue waits for it.
    if (step.reason === 'emergency' || step.reason === 'current-dead') {
      this.#atMs = null
      this.#reserve()
      return 0
    }
    // A turn that was not taken in time is lost, or those who slept together would begin together.
    if (this.#atMs === null || nowMs > this.#atMs + ROTATION_TURN_MS) this.#atMs = this.#reserve()
    const waitMs = this.#atMs - nowMs
    if (waitMs <= 0) this.#atMs = null
    return Math.max(0, waitMs)
  }
}

/** The least rest between two looks at one of `credentials` that has nothing to do, ms. */
export function restMinMs(credentials: number): number {
  return (credentials * 1_000) / REST_LOOKS_PER_SECOND
}
