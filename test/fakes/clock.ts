import type { Clock, Stop } from '../../src/kernel/ports/clock.ts'

interface Timer {
  readonly dueMs: number
  readonly order: number
  readonly callback: () => void
}

/** Time that moves only by `advance`. Starts above 0, as lru-cache wants it. */
export class FakeClock implements Clock {
  #nowMs: number
  #order = 0
  readonly #timers = new Set<Timer>()

  constructor(startMs = Date.parse('2026-11-23T00:00:00Z')) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs
  }

  after(delayMs: number, callback: () => void): Stop {
    const timer = { dueMs: this.#nowMs + delayMs, order: this.#order++, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const stop = this.after(delayMs, () => {
        signal?.removeEventListener('abort', aborted)
        resolve()
      })
      const aborted = () => {
        stop()
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }

  /** Moves time, runs what is due in order, and lets the promises that it settles run in between. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await settle()
    for (let next = this.#next(untilMs); next !== null; next = this.#next(untilMs)) {
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.dueMs)
      next.callback()
      await settle()
    }
    this.#nowMs = untilMs
    await settle()
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size
  }

  #next(untilMs: number): Timer | null {
    let first: Timer | null = null
    for (const timer of this.#timers) {
      if (timer.dueMs > untilMs) continue
      if (
        first === null ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order)
      ) {
        first = timer
      }
    }
    return first
  }
}

/** Lets promise chains run to their next wait on a timer or a socket. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  await new Promise<void>((resolve) => setImmediate(resolve))
}
