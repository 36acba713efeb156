/**
 * Pieces as one, in memory that is nobody else's, for what may stay for long. Small buffers of Node's are slices of a pool
 * that lives until the last of them is gone: one byte would keep some thousand.
 * @param pieces null: nothing
 */
export function inOwnMemory(pieces: readonly (Buffer | null)[]): Buffer {
  let length = 0
  for (const piece of pieces) length += piece?.length ?? 0
  const own = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const piece of pieces) at += piece?.copy(own, at) ?? 0
  return own
}

/**
 * A piece as it is where its memory is hardly larger than it, else a copy in memory of its own: for what may wait behind
 * other pieces, of which there may be many.
 */
export function inLeanMemory(piece: Buffer): Buffer {
  return piece.buffer.byteLength <= piece.length * LEAN_TIMES ? piece : inOwnMemory([piece])
}

/** As for memory that large answers share; see `BodyBuffer`. */
const LEAN_TIMES = 2
