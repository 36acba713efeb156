import { afterAll, expect, test } from 'vitest'
import { shortenBufferPool } from '../../../src/platform/buffer-pool.ts'

const before = Buffer.poolSize
afterAll(() => {
  Buffer.poolSize = before
})

test('small buffers share pools of 8 KiB, and larger ones have memory of their own', () => {
  shortenBufferPool()
  // The pool that is in use is used up first.
  for (let bytes = 0; bytes <= before; bytes += 1_000) Buffer.allocUnsafe(1_000)
  const small = Buffer.allocUnsafe(200)
  expect(small.buffer.byteLength).toBe(8 * 1024)
  expect(Buffer.allocUnsafe(200).buffer).toBe(small.buffer)
  expect(Buffer.allocUnsafe(5_000).buffer.byteLength).toBe(5_000)
})
