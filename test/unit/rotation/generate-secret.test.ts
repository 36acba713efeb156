import fc from 'fast-check'
import { expect, test } from 'vitest'
import { generateSecret } from '../../../src/rotation/generate-secret.ts'
import { FAKE_TRAITS } from '../../fakes/fake-provider.ts'
import { SeededRandom } from '../../fakes/random.ts'

const RULE = FAKE_TRAITS.valueRule

test('every value has the length, the alphabet and a character of each class', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 3, max: 40 }), (seed, length) => {
      const text = generateSecret({ ...RULE, length }, new SeededRandom(seed)).expose()
      expect(text).toMatch(new RegExp(`^[A-Za-z0-9]{${length}}$`))
      for (const letters of RULE.classes) {
        expect(Array.from(text).some((letter) => letters.includes(letter))).toBe(true)
      }
    }),
    { numRuns: 2_000 },
  )
})

/** Pearson's statistic of counts that should all be equal. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

test('all valid values are equally likely', () => {
  // Small enough to count them all: 3 characters of a, b, 0, 1 with a letter and a digit make 48 valid values.
  const rule = { length: 3, alphabet: 'ab01', classes: ['ab', '01'] }
  const random = new SeededRandom(20_261_124)
  const counts = new Map<string, number>()
  for (let draw = 0; draw < 96_000; draw++) {
    const text = generateSecret(rule, random).expose()
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  expect(counts.size).toBe(48)
  // 47 degrees of freedom: 82.7 is passed by one fair generator in a thousand.
  expect(chiSquare([...counts.values()])).toBeLessThan(82.7)
})

test('every place of a value draws evenly from the alphabet', () => {
  const random = new SeededRandom(7)
  const counts = Array.from({ length: RULE.length }, () => new Map<string, number>())
  for (let draw = 0; draw < 20_000; draw++) {
    const text = generateSecret(RULE, random).expose()
    counts.forEach((place, index) => {
      const letter = text.charAt(index)
      place.set(letter, (place.get(letter) ?? 0) + 1)
    })
  }
  // Whole-string rejection favours digits a little in each place: there are few, and one is needed.
  for (const place of counts) {
    expect(place.size).toBe(62)
    expect(chiSquare([...place.values()])).toBeLessThan(150)
  }
})

test('a rule that its own alphabet can not meet is an error, not an endless loop', () => {
  const rule = { length: 8, alphabet: 'abc', classes: ['abc', '0'] }
  expect(() => generateSecret(rule, new SeededRandom(1))).toThrow('not met by its own alphabet')
})
