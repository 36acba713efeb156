import { expect, test } from 'vitest'
import { WaitingPieces } from '../../../src/proxy/waiting-pieces.ts'

function waiting(...pieces: readonly Buffer[]): WaitingPieces {
  const waits = new WaitingPieces()
  for (const piece of pieces) waits.push(piece)
  return waits
}

test('a single piece is what it was', () => {
  const piece = Buffer.from('a')
  expect(waiting(piece).take()[0]).toBe(piece)
})

test('small pieces wait in memory of their own, and as few', () => {
  const letters = Array.from({ length: 20_000 }, (_, i) => Buffer.from([97 + (i % 26)]))
  const [, ...gathered] = waiting(...letters).take()
  const memory = gathered.map(({ buffer }) => buffer.byteLength)
  expect(memory.reduce((sum, bytes) => sum + bytes)).toBeLessThan(20_000 + 8 * 1024)
  expect(memory.length).toBeLessThan(10)
})

test('bytes stay what they were, in their order, whatever the sizes', () => {
  const sizes = [1, 700, 8_191, 8_192, 3, 3, 600, 70_000, 2, 0, 5_000, 5_000]
  const pieces = sizes.map((size, i) => Buffer.alloc(size, i + 1))
  const taken = waiting(...pieces).take()
  expect(Buffer.concat(taken)).toEqual(Buffer.concat(pieces))
  // Large ones are not copied.
  for (const large of pieces.filter(({ length }) => length >= 8_192)) {
    expect(taken.some((piece) => piece === large)).toBe(true)
  }
})

test('what was taken is not written to any more', () => {
  const waits = waiting(Buffer.from('a'), Buffer.from('b'))
  const taken = waits.take()
  waits.push(Buffer.from('c'))
  waits.push(Buffer.from('d'))
  expect(taken.join('')).toBe('ab')
  expect(waits.take().join('')).toBe('cd')
  expect(waits.isEmpty).toBe(true)
})

test('a large piece that is a small part of its memory waits as a copy', () => {
  const read = Buffer.allocUnsafeSlow(64 * 1024)
  const [, second] = waiting(Buffer.from('a'), read.subarray(0, 8_192)).take()
  expect(second?.buffer.byteLength).toBe(8_192)
})
