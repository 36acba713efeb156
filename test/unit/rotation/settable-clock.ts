import type { Clock } from '../../../src/kernel/ports/clock.ts'
import type { FakeClock } from '../../fakes/clock.ts'

export interface SettableClock {
  readonly clock: Clock
  /** Sets the wall clock ahead, or back. */
  readonly setAhead: (byMs: number) => void
}

/** A wall clock that can be set while the monotonic one and the timers run on. */
export function settable(clock: FakeClock): SettableClock {
  let aheadMs = 0
  const wall: Clock = {
    now: () => clock.now() + aheadMs,
    monotonic: () => clock.monotonic(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
    sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
  }
  return { clock: wall, setAhead: (byMs) => void (aheadMs += byMs) }
}
