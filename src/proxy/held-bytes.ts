/** Bytes of all held bodies together. */
export class HeldBytes {
  readonly #max: number
  #taken = 0

  constructor(max: number) {
    this.#max = max
  }

  /** False when the limit would be passed; nothing is taken then. */
  take(bytes: number): boolean {
    if (this.#taken + bytes > this.#max) return false
    this.#taken += bytes
    return true
  }

  give(bytes: number): void {
    this.#taken -= bytes
  }
}
