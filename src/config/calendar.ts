import type { TimeWindow } from '../kernel/policy.ts'
import { Refusal } from './refusal.ts'

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const DAY_MINUTES = 24 * 60
const WINDOW = /^(?:(?<days>[A-Za-z,-]+) +)?(?<from>\d{2}:\d{2})-(?<until>\d{2}:\d{2})$/
/** RFC 3339 with an offset: an instant without one would move with the machine. */
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/

const NO_WINDOW = new Refusal(
  'is no weekly window in UTC',
  'write Mon-Fri 08:00-17:00, Sat,Sun 00:00-04:00 or 22:00-02:00',
)

/** `Mon-Fri 08:00-17:00`, `Sat,Sun 00:00-04:00`, `22:00-02:00`: days are optional, times are UTC, `24:00` may end it. */
export function parseWindow(text: string): TimeWindow | Refusal {
  const { days, from = '', until = '' } = WINDOW.exec(text)?.groups ?? {}
  const startMinute = parseMinute(from)
  const endMinute = parseMinute(until)
  const parsedDays = days === undefined ? [] : parseDays(days)
  if (startMinute === null || endMinute === null || parsedDays === null) return NO_WINDOW
  if (startMinute === DAY_MINUTES || startMinute === endMinute) return NO_WINDOW
  return { days: parsedDays, startMinute, endMinute }
}

/** `2026-12-20T00:00:00Z` as milliseconds since the Unix epoch. */
export function parseInstant(text: string): number | Refusal {
  const ms = INSTANT.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(ms) ? new Refusal('is no instant', 'write 2026-12-20T00:00:00Z') : ms
}

function parseMinute(text: string): number | null {
  const [hours = NaN, minutes = NaN] = text.split(':').map(Number)
  const minute = hours * 60 + minutes
  return minutes < 60 && minute <= DAY_MINUTES ? minute : null
}

/** Names and ranges of names; a range may go over the end of the week. */
function parseDays(text: string): readonly number[] | null {
  const days = new Set<number>()
  for (const part of text.toLowerCase().split(',')) {
    const [first = -1, last = first, ...more] = part.split('-').map((name) => DAYS.indexOf(name))
    if (first < 0 || last < 0 || more.length > 0) return null
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day)
      if (day === last) break
    }
  }
  return [...days].toSorted((a, b) => a - b)
}
