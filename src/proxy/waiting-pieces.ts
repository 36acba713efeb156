import { inLeanMemory } from './own-memory.ts'

/** How much memory small pieces are put together in: at first, and at most. */
const GATHERED_MIN_BYTES = 512
const GATHERED_MAX_BYTES = 8 * 1024

/**
 * Pieces of a body that wait until somebody wants them. Small ones are slices of Node's pool, which lives as long as the
 * last of its slices: they are put together here, all but the first, since most bodies have no second.
 */
export class WaitingPieces {
  #pieces: Buffer[] = []
  /** Where the last piece lies, and others may go behind it; null: in memory of its own. */
  #gathered: Buffer | null = null
  #gatheredBytes = 0
  #nextBytes = GATHERED_MIN_BYTES

  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  push(piece: Buffer): void {
    const isFirst = this.#pieces.length === 0
    if (!isFirst && piece.length < GATHERED_MAX_BYTES) return this.#gather(piece)
    this.#pieces.push(isFirst ? piece : inLeanMemory(piece))
    this.#gathered = null
  }

  /** All of them, which wait here no longer. */
  take(): Buffer[] {
    const pieces = this.#pieces
    this.#pieces = []
    this.#gathered = null
    return pieces
  }

  #gather(piece: Buffer): void {
    const isFull = this.#gatheredBytes + piece.length > (this.#gathered?.length ?? 0)
    if (this.#gathered === null || isFull) {
      this.#gathered = Buffer.allocUnsafeSlow(Math.max(this.#nextBytes, piece.length))
      this.#gatheredBytes = 0
      this.#nextBytes = Math.min(this.#nextBytes * 2, GATHERED_MAX_BYTES)
    } else this.#pieces.pop()
    piece.copy(this.#gathered, this.#gatheredBytes)
    this.#gatheredBytes += piece.length
    this.#pieces.push(this.#gathered.subarray(0, this.#gatheredBytes))
  }
}
