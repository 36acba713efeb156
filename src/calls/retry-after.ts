import type { Answer } from './exchange.ts'

/** A broken hint must not stop anything for ever. */
export const RETRY_AFTER_MAX_MS = 3_600_000

/** Larger numbers are no seconds to wait: some gateways write the instant, in seconds since 1970. */
const SECONDS_MAX = 1_000_000_000

/** From `Retry-After`, seconds or an HTTP date (RFC 9110, section 10.2.3), in milliseconds, 0 to an hour; null: not said. */
export function retryAfterOf(answer: Pick<Answer, 'headers'>, nowMs: number): number | null {
  const text = headerOf(answer, 'retry-after')
  if (text === null) return null
  const ms = waitOf(text, nowMs)
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS)
}

/** NaN: it says nothing. */
function waitOf(text: string, nowMs: number): number {
  if (/^\d+$/.test(text)) {
    const seconds = Number(text)
    return seconds > SECONDS_MAX ? seconds * 1000 - nowMs : seconds * 1000
  }
  // Dates begin with their weekday; `Date.parse` would find one in almost anything.
  return /^[a-z]{3}/i.test(text) ? Date.parse(text) - nowMs : Number.NaN
}

/** The first one of that name; null where it is missing or empty. */
export function headerOf({ headers }: Pick<Answer, 'headers'>, name: string): string | null {
  const value = headers[name]
  const text = (typeof value === 'string' ? value : value?.[0])?.trim() ?? ''
  return text === '' ? null : text
}
