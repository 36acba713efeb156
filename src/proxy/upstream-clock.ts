/** Verifiers allow about a minute; what differs by less is left alone, in milliseconds. */
const OFFSET_MIN_MS = 30_000
/** A clock that differs by more is not believed: a signature must not be good for some other year. */
const OFFSET_MAX_MS = 7 * 24 * 3_600_000

/**
 * What time it is for an upstream: ours, until it refuses what carries our time and says another one. So a machine whose
 * clock was set wrong goes on after one request that was refused.
 */
export class UpstreamClock {
  #offsetMs = 0

  /** @param ownMs wall clock */
  at(ownMs: number): number {
    return ownMs + this.#offsetMs
  }

  /**
   * The upstream has refused something with our time in it.
   * @param fields of its answer: names and values in turn
   * @returns whether it is another time from now on, so that trying again makes sense
   */
  refused(fields: readonly string[], ownMs: number): boolean {
    const atMs = Date.parse(dateOf(fields))
    const offsetMs = atMs - ownMs
    // Not a number is within no limit.
    if (!(Math.abs(offsetMs) <= OFFSET_MAX_MS)) return false
    if (Math.abs(offsetMs - this.#offsetMs) < OFFSET_MIN_MS) return false
    this.#offsetMs = Math.abs(offsetMs) < OFFSET_MIN_MS ? 0 : offsetMs
    return true
  }
}

function dateOf(fields: readonly string[]): string {
  const at = fields.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'date')
  return at < 0 ? '' : (fields[at + 1] ?? '')
}
