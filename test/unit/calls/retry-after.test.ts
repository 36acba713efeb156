import { expect, test } from 'vitest'
import { retryAfterOf } from '../../../src/calls/retry-after.ts'

const NOW = Date.parse('2026-11-29T12:00:00Z')
const of = (value: string | string[] | undefined) =>
  retryAfterOf({ headers: { 'retry-after': value } }, NOW)

test.each([
  ['seconds', '7', 7_000],
  ['with spaces around', ' 7 ', 7_000],
  ['none at all', '0', 0],
  ['a date to come', 'Sun, 29 Nov 2026 12:00:30 GMT', 30_000],
  ['a date that has passed', 'Sun, 29 Nov 2026 11:00:00 GMT', 0],
  ['more than an hour', '7200', 3_600_000],
  ['more digits than a number holds', '9'.repeat(400), 3_600_000],
  ['the first of several', ['1', '2'], 1_000],
  ['an instant in seconds', String(NOW / 1000 + 20), 20_000],
  ['a negative number, which is no date', '-5', null],
  ['a fraction, which is no date', '1.5', null],
  ['two numbers', '12, 13', null],
  ['words', 'soon', null],
  ['an empty one', '', null],
  ['none', undefined, null],
] as const)('%s', (_, value, expected) => {
  expect(of(typeof value === 'object' ? [...value] : value)).toBe(expected)
})
