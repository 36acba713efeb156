/** So many bytes of small buffers share one piece of memory. */
const POOL_BYTES = 8 * 1024

/**
 * Makes Node's pool of small buffers short-lived. Bodies of a few hundred bytes fill Node's own 64 KiB in about the time
 * between two collections of new objects, so that every third pool outlives two of them, gets old, and waits for a full
 * collection: one every ten seconds under load, for nothing else. One of 8 KiB is gone before it gets old; and a small
 * piece that waits for its client keeps no more than that.
 */
export function shortenBufferPool(): void {
  Buffer.poolSize = POOL_BYTES
}
