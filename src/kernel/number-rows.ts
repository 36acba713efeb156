/** So many rows lie in one piece of memory, each number of one beside the same number of the others. */
const ROWS = 64

/**
 * The figures of a route, or of another thing that there may be a thousand of, as a row of numbers beside those of the
 * others. A request that comes by one of a thousand routes waits for memory that nobody has touched since long. Most
 * requests count the same few figures: those of eight routes share a cache line, and those of a thousand fit the caches of a
 * processor's core.
 */
export class NumberRow {
  readonly place: RowPlace
  // Again, and not by the place: it is one more object to wait for.
  readonly #values: Float64Array
  readonly #at: number

  /** Rows at the same place are the same numbers. */
  constructor(place: RowPlace) {
    this.place = place
    this.#values = place.values
    this.#at = place.at
  }

  add(place: number, amount: number): void {
    const index = this.#at + place * ROWS
    this.#values[index] = (this.#values[index] ?? 0) + amount
  }

  set(place: number, value: number): void {
    this.#values[this.#at + place * ROWS] = value
  }

  get(place: number): number {
    return this.#values[this.#at + place * ROWS] ?? 0
  }
}

/** Where a row lies. */
export interface RowPlace {
  readonly values: Float64Array
  readonly at: number
}

/** Where rows of one width come from. */
export class NumberRows {
  readonly #width: number
  #values = new Float64Array(0)
  #at = ROWS

  /** @param width numbers per row */
  constructor(width: number) {
    this.#width = width
  }

  /** A row of zeros. */
  next(): RowPlace {
    if (this.#at === ROWS) {
      this.#values = new Float64Array(ROWS * this.#width)
      this.#at = 0
    }
    return { values: this.#values, at: this.#at++ }
  }
}
