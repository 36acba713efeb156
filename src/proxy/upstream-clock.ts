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

  /** For one request, which may be written more than once. */
  forRequest(): RequestClock {
    let writtenMs = this.#offsetMs
    return {
      at: (ownMs) => {
        writtenMs = this.#offsetMs
        return ownMs + writtenMs
      },
      refused: (fields, ownMs) => this.#refused(fields, ownMs, writtenMs),
    }
  }

  #refused(fields: readonly string[], ownMs: number, writtenMs: number): boolean {
    // RFC 9111, section 5.1: one of a cache says what time it was.
    if (fieldOf(fields, 'age') !== null) return false
    const atMs = Date.parse(fieldOf(fields, 'date') ?? '')
    const offsetMs = atMs - ownMs
    // Not a number is within no limit.
    if (!(Math.abs(offsetMs) <= OFFSET_MAX_MS)) return false
    if (Math.abs(offsetMs - this.#offsetMs) >= OFFSET_MIN_MS) {
      this.#offsetMs = Math.abs(offsetMs) < OFFSET_MIN_MS ? 0 : offsetMs
    }
    // Another request may have set it right while this one was on its way.
    return Math.abs(offsetMs - writtenMs) >= OFFSET_MIN_MS
  }
}

/** What time it is for one request. */
export interface RequestClock {
  /** @param ownMs wall clock */
  at(ownMs: number): number
  /**
   * The upstream has refused what was written with the time of the last `at`.
   * @param fields of its answer: names and values in turn
   * @returns whether it is another time now than was written, so that trying again makes sense
   */
  refused(fields: readonly string[], ownMs: number): boolean
}

function fieldOf(fields: readonly string[], wanted: string): string | null {
  const at = fields.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === wanted)
  return at < 0 ? null : (fields[at + 1] ?? '')
}
