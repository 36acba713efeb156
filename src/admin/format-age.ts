const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** A span for people, in its two largest units: `29 d 4 h`, `12 min`, `0 s`. The sign is dropped. */
export function formatAge(spanMs: number): string {
  let restMs = Math.abs(spanMs)
  const first = UNITS.findIndex(([, unitMs]) => restMs >= unitMs)
  if (first < 0) return '0 s'
  const parts: string[] = []
  for (const [name, unitMs] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(restMs / unitMs)
    restMs -= count * unitMs
    if (count > 0) parts.push(`${count} ${name}`)
  }
  return parts.join(' ')
}

/** An instant seen from `nowMs`: `3 d ago`, `in 12 min`. */
export function formatInstant(atMs: number, nowMs: number): string {
  const age = formatAge(nowMs - atMs)
  return atMs > nowMs ? `in ${age}` : `${age} ago`
}
