import { expect, test } from 'vitest'
import { BodyBuffer } from '../../../src/proxy/body-buffer.ts'

const LARGE = 64 * 1024

test('a piece that was passed on leaves its memory to the next', () => {
  const bodies = new BodyBuffer()
  const first = bodies.lend(LARGE)
  expect(bodies.lend(LARGE - 1).buffer).toBe(first.buffer)
})

test('a piece that is kept is never written over', () => {
  const bodies = new BodyBuffer()
  const kept = bodies.lend(LARGE).fill('a')
  bodies.keep(kept)
  bodies.lend(LARGE).fill('b')
  expect(kept.every((byte) => byte === 0x61)).toBe(true)
})

test('a kept piece that is given back leaves all of its memory to the next, unless another has come', () => {
  const bodies = new BodyBuffer()
  const kept = bodies.lend(LARGE).subarray(0, LARGE - 1)
  bodies.keep(kept)
  bodies.giveBack(kept)
  const lent = bodies.lend(LARGE).fill('a')
  expect(lent.buffer).toBe(kept.buffer)
  bodies.giveBack(Buffer.alloc(LARGE))
  expect(bodies.lend(LARGE).buffer).toBe(kept.buffer)
})

test('a small piece has memory of its own, and a kept one at most twice what it needs', () => {
  const bodies = new BodyBuffer()
  const large = bodies.lend(LARGE)
  expect(bodies.lend(100).buffer).not.toBe(large.buffer)
  for (const length of [LARGE, 8 * 1024, 20_000, 33_000, 65_000]) {
    const piece = bodies.lend(length)
    expect(piece).toHaveLength(length)
    expect(piece.buffer.byteLength).toBeLessThanOrEqual(length * 2)
  }
})
