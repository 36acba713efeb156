/** A row of numbers, from `at` on in `values`. */
export interface NumberRow {
  readonly values: Float64Array
  readonly at: number
}

/** So many rows lie in one piece of memory. */
const ROWS = 64

/**
 * The figures of many routes or credentials, a row each. A request that comes by one of a thousand routes waits for
 * memory that nobody has touched since long: what it counts stands together, a few cache lines, and not in an object for
 * every figure.
 */
export class NumberRows {
  readonly #width: number
  #values = new Float64Array(0)
  #at = 0

  /** @param width numbers per row */
  constructor(width: number) {
    this.#width = width
  }

  /** A new row of zeros. */
  take(): NumberRow {
    if (this.#at === this.#values.length) {
      this.#values = new Float64Array(ROWS * this.#width)
      this.#at = 0
    }
    const row = { values: this.#values, at: this.#at }
    this.#at += this.#width
    return row
  }
}
