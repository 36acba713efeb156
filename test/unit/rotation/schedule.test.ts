import { expect, test } from 'vitest'
import {
  calendarHold,
  dueAtMs,
  dueReason,
  nextRotationAtMs,
} from '../../../src/rotation/schedule.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { DAY_MS, POLICY } from './bench.ts'
import { NOW_MS, aRecord } from './records.ts'

test('the next rotation is moved by at most the jitter, to both sides', () => {
  const random = new SeededRandom(3)
  const ages = Array.from(
    { length: 2_000 },
    () => (nextRotationAtMs(POLICY, random, NOW_MS) - NOW_MS) / DAY_MS,
  )
  expect(Math.min(...ages)).toBeGreaterThanOrEqual(27)
  expect(Math.max(...ages)).toBeLessThanOrEqual(33)
  expect(Math.min(...ages)).toBeLessThan(27.1)
  expect(Math.max(...ages)).toBeGreaterThan(32.9)
})

test('a policy that changed binds: the instant that was drawn under the old one does not', () => {
  const record = aRecord('staged', { nextRotationAtMs: NOW_MS + 30 * DAY_MS })
  const activatedAtMs = record.current.activatedAtMs
  const shorter = { ...POLICY, everyMs: 10 * DAY_MS, jitterRatio: 0 }
  const longer = { ...POLICY, everyMs: 60 * DAY_MS, jitterRatio: 0 }
  expect(dueAtMs(record, shorter)).toBe(activatedAtMs + 10 * DAY_MS)
  expect(dueAtMs(record, longer)).toBe(activatedAtMs + 60 * DAY_MS)
})

test.each([
  ['nothing', {}, null],
  ['its age', { nextRotationAtMs: NOW_MS - 40 * DAY_MS }, null],
  ['a request', { requestedAtMs: NOW_MS }, 'requested'],
  ['a leak of current', { emergency: { compromised: ['current'], sinceMs: NOW_MS } }, 'emergency'],
  ['a leak of the standby', { emergency: { compromised: ['pending'], sinceMs: NOW_MS } }, null],
] as const)('%s makes it due as it should', (_what, changes, reason) => {
  expect(dueReason(aRecord('staged', changes), POLICY, NOW_MS)).toBe(reason)
})

const at = (text: string) => Date.parse(text)
const NIGHT = { days: [], startMinute: 22 * 60, endMinute: 4 * 60 }
const SUNDAY = { days: [0], startMinute: 0, endMinute: 24 * 60 }
const SUNDAY_NIGHT = { days: [0], startMinute: 22 * 60, endMinute: 2 * 60 }

test.each([
  ['no window', [], '2026-11-24T12:00:00Z', null],
  ['before a night', [NIGHT], '2026-11-24T21:59:00Z', 'window-closed'],
  ['in a night', [NIGHT], '2026-11-24T22:00:00Z', null],
  ['past midnight', [NIGHT], '2026-11-24T03:59:00Z', null],
  ['after a night', [NIGHT], '2026-11-24T04:00:00Z', 'window-closed'],
  ['on its day', [SUNDAY], '2026-11-22T23:59:00Z', null],
  ['on another day', [SUNDAY], '2026-11-23T00:00:00Z', 'window-closed'],
  ['the morning after its day', [SUNDAY_NIGHT], '2026-11-23T01:00:00Z', null],
  ['the morning of its day', [SUNDAY_NIGHT], '2026-11-22T01:00:00Z', 'window-closed'],
] as const)('windows: %s', (_when, windows, instant, hold) => {
  expect(calendarHold({ ...POLICY, windows }, at(instant))).toBe(hold)
})

test('a blackout holds from its first to its last instant', () => {
  const blackouts = [{ fromMs: NOW_MS, untilMs: NOW_MS + DAY_MS }]
  const policy = { ...POLICY, blackouts }
  expect(calendarHold(policy, NOW_MS - 1)).toBeNull()
  expect(calendarHold(policy, NOW_MS)).toBe('blackout')
  expect(calendarHold(policy, NOW_MS + DAY_MS)).toBeNull()
})
