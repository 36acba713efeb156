import { ADMIN_ROTATE_BURST, ADMIN_ROTATE_REFILL_MS } from '../kernel/limits.ts'
import type { Clock } from '../kernel/ports/clock.ts'

/** A token bucket per key, so that a loop in somebody's script can't spend the provider's hourly limit of calls. */
export class RotateLimiter {
  readonly #clock: Clock
  /** When the bucket of a key will be full again, monotonic milliseconds. */
  readonly #fullAtMs = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes one rotation of `key`: 0 when it may go ahead, else the milliseconds until the next one may. */
  take(key: string): number {
    const nowMs = this.#clock.monotonic()
    const fullAtMs = Math.max(this.#fullAtMs.get(key) ?? 0, nowMs) + ADMIN_ROTATE_REFILL_MS
    const overMs = fullAtMs - nowMs - ADMIN_ROTATE_BURST * ADMIN_ROTATE_REFILL_MS
    if (overMs > 0) return overMs
    this.#fullAtMs.set(key, fullAtMs)
    return 0
  }
}
