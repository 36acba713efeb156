/** Ends a timer, a watch or a subscription. Calling it twice is harmless. */
export type Stop = () => void

/** The only source of time. Decisions read it once and pass `nowMs` down. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. For records, logs and anything that outlives the process. */
  now(): number
  /** Milliseconds that never jump; for durations within the process. */
  monotonic(): number
  /** Calls `callback` once after `delayMs` (0 or more). Timers do not keep the process alive. */
  after(delayMs: number, callback: () => void): Stop
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}
