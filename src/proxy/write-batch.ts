/** Something that waits to be written. */
export interface Batched {
  /** Writes it now. */
  flush(): void
  /** Ends the connection that it was for. */
  destroy(error: Error): void
}

/**
 * What is written within one turn of the event loop goes out together at its end: the other sides, on other cores, are
 * woken once for many requests rather than once for each, and that costs more than the writing.
 */
export class WriteBatch {
  readonly #failed: (error: Error) => void
  #waiting: Batched[] = []

  /** @param failed told of what a write has thrown, which is a fault of Sidekey's own */
  constructor(failed: (error: Error) => void) {
    this.#failed = failed
  }

  add(batched: Batched): void {
    if (this.#waiting.push(batched) === 1) setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const batched of waiting) {
      // The others belong to other requests.
      try {
        batched.flush()
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error('a write failed')
        this.#failed(error)
        batched.destroy(error)
      }
    }
  }
}
