import { expect, test } from 'vitest'
import { CryptoRandom } from '../../../src/platform/crypto-random.ts'

const random = new CryptoRandom()

test('int stays in its range, the ends of the range included', () => {
  expect(random.int(1)).toBe(0)
  const below = 2 ** 31
  const drawn = random.int(below)
  expect(drawn >= 0 && drawn < below && Number.isInteger(drawn)).toBe(true)
})

test('int reaches every value about equally often', () => {
  const counts = Array.from({ length: 62 }, () => 0)
  for (let draw = 0; draw < 62_000; draw++) counts[random.int(62)]!++
  // Chi-square with 61 degrees of freedom is above 130 once in about a million runs.
  const chi = counts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)
  expect(chi).toBeLessThan(130)
})

test('ids are 32 hex digits and do not repeat', () => {
  const ids = Array.from({ length: 1_000 }, () => random.id())
  expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true)
  expect(new Set(ids).size).toBe(1_000)
})
