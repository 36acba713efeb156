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
