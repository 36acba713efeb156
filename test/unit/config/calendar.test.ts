import { expect, test } from 'vitest'
import { parseInstant, parseWindow } from '../../../src/config/calendar.ts'
import { Refusal } from '../../../src/config/refusal.ts'

test.each([
  ['Mon-Fri 08:00-17:00', { days: [1, 2, 3, 4, 5], startMinute: 480, endMinute: 1020 }],
  ['sat,sun 00:00-04:00', { days: [0, 6], startMinute: 0, endMinute: 240 }],
  ['Fri-Mon 22:00-02:00', { days: [0, 1, 5, 6], startMinute: 1320, endMinute: 120 }],
  ['22:00-24:00', { days: [], startMinute: 1320, endMinute: 1440 }],
])('%s is a weekly window', (text, window) => {
  expect(parseWindow(text)).toEqual(window)
})

test.each([
  '',
  'Mon',
  '8-17',
  '08:00-08:00',
  '24:00-02:00',
  '08:60-09:00',
  '25:00-26:00',
  'Foo 08:00-09:00',
  'Mon-Tue-Wed 08:00-09:00',
  'Mon- 08:00-09:00',
])('%j is no window', (text) => {
  expect(parseWindow(text)).toBeInstanceOf(Refusal)
})

test('an instant needs its offset', () => {
  expect(parseInstant('2026-12-20T00:00:00Z')).toBe(Date.UTC(2026, 11, 20))
  expect(parseInstant('2026-12-20T01:00+01:00')).toBe(Date.UTC(2026, 11, 20))
  expect(parseInstant('2026-12-20T00:00:00')).toBeInstanceOf(Refusal)
  expect(parseInstant('2026-13-20T00:00:00Z')).toBeInstanceOf(Refusal)
  expect(parseInstant('tomorrow')).toBeInstanceOf(Refusal)
})
