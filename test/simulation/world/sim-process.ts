import type { Clock, Stop } from '../../../src/kernel/ports/clock.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Virtual time 0 on the wall, so that instants in records look like instants. */
export const EPOCH_MS = 1_800_000_000_000

/** Thrown out of a crash point when its process dies there. */
export class CrashSignal extends Error {}

/**
 * One life of a replica. When it is dead nothing reaches it and nothing leaves it: timers do not fire, answers are not
 * delivered, calls are not sent, and its promises wait for ever. While it is paused (a long garbage collection, SIGSTOP)
 * all of that is late instead: a zombie that goes on with what it believed before.
 */
export class SimProcess {
  readonly instance: string
  readonly replica: number
  readonly clock: Clock
  /** Wall clock minus true time, in milliseconds. */
  skewMs: number
  /** Null while it lives. */
  diedAtMs: number | null = null
  /** It stopped in order, with its goodbyes said. */
  stopped = false
  #pausedUntilMs = 0
  readonly #time: VirtualTime

  constructor(time: VirtualTime, replica: number, instance: string, skewMs: number) {
    this.#time = time
    this.replica = replica
    this.instance = instance
    this.skewMs = skewMs
    this.clock = new ProcessClock(this, time)
  }

  get alive(): boolean {
    return this.diedAtMs === null
  }

  kill(): void {
    this.diedAtMs ??= this.#time.nowMs
  }

  pause(forMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, this.#time.nowMs + forMs)
  }

  /** How long it still stands still, in milliseconds. */
  get pauseLeftMs(): number {
    return Math.max(0, this.#pausedUntilMs - this.#time.nowMs)
  }

  /** Something happens to the process after `delayMs`: not if it is dead by then, later if it is paused. */
  after(delayMs: number, callback: () => void, wakes = true): Stop {
    let stopped = false
    const arrive = (): void => {
      if (stopped || !this.alive) return
      if (this.pauseLeftMs > 0) stop = this.#time.after(this.pauseLeftMs, arrive, wakes)
      else callback()
    }
    let stop = this.#time.after(delayMs, arrive, wakes)
    return () => {
      stopped = true
      stop()
    }
  }
}

class ProcessClock implements Clock {
  readonly #process: SimProcess
  readonly #time: VirtualTime

  constructor(process: SimProcess, time: VirtualTime) {
    this.#process = process
    this.#time = time
  }

  now(): number {
    return EPOCH_MS + this.#time.nowMs + this.#process.skewMs
  }

  monotonic(): number {
    return 1_000 + this.#time.nowMs
  }

  after(delayMs: number, callback: () => void): Stop {
    return this.#process.after(delayMs, callback)
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const aborted = (): void => {
        stop()
        reject(signal?.reason as Error)
      }
      const stop = this.after(delayMs, () => {
        signal?.removeEventListener('abort', aborted)
        resolve()
      })
      signal?.addEventListener('abort', aborted, { once: true })
    })
  }
}
