import type { Clock, Stop } from '../kernel/ports/clock.ts'

/** Node takes a longer delay for 1 ms (and warns), so a longer one is waited for in pieces. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** The machine's clocks. No timer keeps the process alive: what waits is only as alive as its sockets. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now()
  }

  monotonic(): number {
    return performance.now()
  }

  after(delayMs: number, callback: () => void): Stop {
    if (delayMs > TIMER_MAX_MS) return this.#afterLong(delayMs, callback)
    // Nothing is made beside the timer: thousands of credentials have one each second.
    const timer = setTimeout(callback, Math.max(Math.ceil(delayMs), 0))
    timer.unref()
    return () => clearTimeout(timer)
  }

  #afterLong(delayMs: number, callback: () => void): Stop {
    const dueMs = this.monotonic() + delayMs
    let stop: Stop
    const goOn = (): void => {
      stop = this.after(dueMs - this.monotonic(), callback)
    }
    stop = this.after(TIMER_MAX_MS, goOn)
    return () => stop()
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const aborted = (): void => {
        stop()
        reject(signal?.reason as Error)
      }
      const stop = this.after(delayMs, () => {
        signal?.removeEventListener('abort', aborted)
        resolve()
      })
      if (signal?.aborted === true) return aborted()
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }
}
