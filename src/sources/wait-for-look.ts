import type { Random } from '../kernel/ports/random.ts'

/** After the first failed look; it doubles with every further one. */
const BACK_OFF_FIRST_MS = 1_000
/** A server that is down is asked once a minute, however long it takes. */
const BACK_OFF_MAX_MS = 60_000
/** Replicas that started together spread out; a wait is only ever lengthened by it. */
const JITTER_PERCENT = 10

/** How the last look ended. */
export interface LookedAt {
  /** Looks in a row that failed; 0: it succeeded. */
  readonly failures: number
  /** What the server asked for; null: nothing. */
  readonly retryAfterMs: number | null
  readonly refreshMs: number
}

/** How long to wait before the next look, in milliseconds. */
export function waitForLook(
  { failures, retryAfterMs, refreshMs }: LookedAt,
  random: Random,
): number {
  const doubled = BACK_OFF_FIRST_MS * 2 ** Math.min(failures - 1, 30)
  const backOffMs = failures === 0 ? refreshMs : Math.min(doubled, BACK_OFF_MAX_MS)
  const waitMs = Math.max(backOffMs, retryAfterMs ?? 0)
  return waitMs + Math.floor((waitMs * random.int(JITTER_PERCENT * 10 + 1)) / 1_000)
}
