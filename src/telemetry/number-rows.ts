/** So many rows lie in one piece of memory. */
const ROWS = 64

/**
 * The figures of a route or a credential, as a row of numbers beside those of the others. A request that comes by one of
 * a thousand routes waits for memory that nobody has touched since long: what it counts stands together in a few cache
 * lines, and not in an object for every figure.
 */
export class NumberRow {
  readonly #values: Float64Array
  readonly #at: number

  /** A row of zeros: the next one of `rows`. */
  constructor(rows: NumberRows) {
    const { values, at } = rows.next()
    this.#values = values
    this.#at = at
  }

  add(place: number, amount: number): void {
    const index = this.#at + place
    this.#values[index] = (this.#values[index] ?? 0) + amount
  }

  get(place: number): number {
    return this.#values[this.#at + place] ?? 0
  }
}

/** Where rows of one width come from. */
export class NumberRows {
  readonly #width: number
  #values = new Float64Array(0)
  #at = 0

  /** @param width numbers per row */
  constructor(width: number) {
    this.#width = width
  }

  next(): { readonly values: Float64Array; readonly at: number } {
    if (this.#at === this.#values.length) {
      this.#values = new Float64Array(ROWS * this.#width)
      this.#at = 0
    }
    const at = this.#at
    this.#at += this.#width
    return { values: this.#values, at }
  }
}
