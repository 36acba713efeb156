/** At most this many slips between what was written and what is suggested. */
const SLIPS_MAX = 2

/** The known word that was probably meant, or null. Pure letter case counts as no slip. */
export function suggest(written: string, known: readonly string[]): string | null {
  let best: string | null = null
  let bestSlips = Math.min(SLIPS_MAX, Math.floor(written.length / 2)) + 1
  for (const word of known) {
    const slips = editDistance(written.toLowerCase(), word.toLowerCase())
    if (slips < bestSlips) [best, bestSlips] = [word, slips]
  }
  return best
}

/** Levenshtein's distance, with one slip for two neighbours that changed places. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > SLIPS_MAX) return Infinity
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const next = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      next[column] = Math.min(
        at(last, column) + 1,
        at(next, column - 1) + 1,
        at(last, column - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, column - 2) + 1 : Infinity,
      )
    }
    ;[beforeLast, last] = [last, next]
  }
  return at(last, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity
}
