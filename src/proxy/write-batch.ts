/** Something that waits to be written. */
export interface Batched {
  /** Writes it now. */
  flush(): void
}

/**
 * What is written within one turn of the event loop goes out together at its end: the other sides, on other cores, are
 * woken once for many requests rather than once for each, and that costs more than the writing.
 */
export class WriteBatch {
  #waiting: Batched[] = []

  add(batched: Batched): void {
    if (this.#waiting.push(batched) === 1) setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const batched of waiting) batched.flush()
  }
}
