import type { ApiAnswer } from './account-api.ts'

/** Without a hint from the provider. Its published example is 30 calls per hour, so a quick retry would not help. */
const RETRY_AFTER_DEFAULT_MS = 30_000
const RETRY_AFTER_MIN_MS = 1_000
/** The limit is counted per hour, so no honest hint is longer; a broken one must not stop a rotation for ever. */
const RETRY_AFTER_MAX_MS = 3_600_000
/** `X-RateLimit-Reset` is in milliseconds in the provider's example; a smaller number is taken as seconds. */
const EPOCH_MS_FROM = 100_000_000_000

/**
 * How long to wait after an answer 429, in milliseconds, 1 s to 1 h: `Retry-After` (seconds or an HTTP date, RFC 9110
 * §10.2.3), else `X-RateLimit-Reset` (an instant), else 30 s.
 */
export function retryAfterMs(answer: ApiAnswer, nowMs: number): number {
  const waitMs =
    fromRetryAfter(header(answer, 'retry-after'), nowMs) ??
    fromReset(header(answer, 'x-ratelimit-reset'), nowMs) ??
    RETRY_AFTER_DEFAULT_MS
  return Math.min(Math.max(waitMs, RETRY_AFTER_MIN_MS), RETRY_AFTER_MAX_MS)
}

function header(answer: ApiAnswer, name: string): string | null {
  const value = answer.headers[name]
  const first = typeof value === 'string' ? value : value?.[0]
  return first === undefined || first.trim() === '' ? null : first.trim()
}

function fromRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? null : atMs - nowMs
}

function fromReset(value: string | null, nowMs: number): number | null {
  if (value === null || !/^\d+$/.test(value)) return null
  const instant = Number(value)
  return (instant < EPOCH_MS_FROM ? instant * 1000 : instant) - nowMs
}
