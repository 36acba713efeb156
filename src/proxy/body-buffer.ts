/** Less than that is cheaper to allocate than to look after. */
const LENT_MIN_BYTES = 8 * 1024

/**
 * Where pieces of answers lie until they are passed on: mostly within the call, when the client's socket takes them at once.
 * Then the same memory serves the next piece, of whatever connection, and large answers leave no garbage.
 */
export class BodyBuffer {
  #memory: Buffer | null = null

  /** Memory for one piece, until the next call or `keep`. */
  lend(length: number): Buffer {
    if (length < LENT_MIN_BYTES) return Buffer.allocUnsafe(length)
    // A piece that is kept keeps all of its memory: at most twice what it needs.
    const fits = (memory: Buffer): boolean => memory.length >= length && memory.length <= length * 2
    if (this.#memory === null || !fits(this.#memory)) this.#memory = Buffer.allocUnsafeSlow(length)
    return this.#memory.subarray(0, length)
  }

  /** The piece that was lent last belongs to whoever has it. */
  keep(piece: Buffer): void {
    if (piece.buffer === this.#memory?.buffer) this.#memory = null
  }

  /** A piece that was kept, and that nobody needs any more. */
  giveBack(piece: Buffer): void {
    if (piece.length < LENT_MIN_BYTES || this.#memory !== null) return
    this.#memory = Buffer.from(piece.buffer)
  }
}
