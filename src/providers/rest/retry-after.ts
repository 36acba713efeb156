import { headerOf, RETRY_AFTER_MAX_MS, retryAfterOf } from '../../calls/retry-after.ts'
import type { RestAnswer } from './rest-client.ts'

/** Without a hint; limits of management APIs are counted per minute or per hour, so a quick retry would not help. */
const RETRY_AFTER_DEFAULT_MS = 30_000
const RETRY_AFTER_MIN_MS = 1_000
/** Some APIs write an instant in milliseconds, others in seconds: a smaller number is taken as seconds. */
const EPOCH_MS_FROM = 100_000_000_000
/** Headers that name the instant at which the limit ends, by several APIs. */
const RESET_HEADERS = ['x-rate-limit-reset', 'x-ratelimit-reset'] as const

/**
 * How long to wait after an answer 429, in milliseconds, 1 s to 1 h: `Retry-After`, else the instant of a reset header,
 * else 30 s.
 */
export function retryAfterMs(answer: RestAnswer, nowMs: number): number {
  const resets = RESET_HEADERS.map((name) => fromReset(headerOf(answer, name), nowMs))
  const waitMs =
    retryAfterOf(answer, nowMs) ?? resets.find((ms) => ms !== null) ?? RETRY_AFTER_DEFAULT_MS
  return Math.min(Math.max(waitMs, RETRY_AFTER_MIN_MS), RETRY_AFTER_MAX_MS)
}

function fromReset(value: string | null, nowMs: number): number | null {
  if (value === null || !/^\d+$/.test(value)) return null
  const instant = Number(value)
  return (instant < EPOCH_MS_FROM ? instant * 1000 : instant) - nowMs
}
