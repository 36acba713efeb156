import { Refusal } from './refusal.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
/** One day, in milliseconds. */
export const DAY_MS = 24 * HOUR_MS

const DURATION_UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', SECOND_MS],
  ['m', MINUTE_MS],
  ['h', HOUR_MS],
  ['d', DAY_MS],
])
/** Ten years: a longer one is a slip of the pen. */
const DURATION_MAX_MS = 3_650 * DAY_MS

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
])

/** `500ms`, `5s`, `10m`, `1h` or `30d` in milliseconds; above 0, at most ten years. */
export function parseDuration(text: string): number | Refusal {
  const ms = withUnit(text, DURATION_UNITS)
  if (ms === null) return new Refusal('is no duration', 'write 500ms, 5s, 10m, 1h or 30d')
  if (ms === 0) return new Refusal('is no time at all', 'write a duration above 0, such as 5s')
  if (ms > DURATION_MAX_MS) return new Refusal('is longer than ten years', 'write at most 3650d')
  return ms
}

/** `512KiB` or `1MiB` in bytes; above 0. */
export function parseSize(text: string): number | Refusal {
  const bytes = withUnit(text, SIZE_UNITS)
  if (bytes === null || bytes === 0 || !Number.isSafeInteger(bytes)) {
    return new Refusal('is no size', 'write a number with its unit, such as 512KiB or 1MiB')
  }
  return bytes
}

/** `10%` as the ratio 0.1; 0 to 100 %. */
export function parsePercentage(text: string): number | Refusal {
  const [, digits] = /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(text) ?? []
  if (digits === undefined || Number(digits) > 100) {
    return new Refusal('is no percentage', 'write a number with a percent sign, such as 10%')
  }
  return Number(digits) / 100
}

/** The shortest way to write a duration: `30d`, `90s`. */
export function formatDuration(ms: number): string {
  const units = [...DURATION_UNITS].toReversed()
  const [unit, unitMs] = units.find(([, unitMs]) => ms % unitMs === 0) ?? ['ms', 1]
  return `${ms / unitMs}${unit}`
}

function withUnit(text: string, units: ReadonlyMap<string, number>): number | null {
  const [, digits, unit] = /^(\d{1,12})([A-Za-z]+)$/.exec(text) ?? []
  const factor = unit === undefined ? undefined : units.get(unit)
  return factor === undefined ? null : Number(digits) * factor
}
