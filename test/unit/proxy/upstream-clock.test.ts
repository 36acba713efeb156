import { expect, test } from 'vitest'
import { UpstreamClock } from '../../../src/proxy/upstream-clock.ts'

const AT_MS = Date.parse('2026-11-24T04:00:00Z')
const DAY_MS = 86_400_000
const dated = (ms: number) => ['Date', new Date(ms).toUTCString()]

test.each([2, -2])(
  'row 62: after a refusal it is the time of the upstream, %i days away',
  (days) => {
    const clock = new UpstreamClock().forRequest()
    expect(clock.at(AT_MS)).toBe(AT_MS)
    expect(clock.refused(dated(AT_MS + days * DAY_MS), AT_MS)).toBe(true)
    expect(clock.at(AT_MS)).toBe(AT_MS + days * DAY_MS)
    // The same again says nothing new: the secret is what is refused.
    expect(clock.refused(dated(AT_MS + days * DAY_MS), AT_MS)).toBe(false)
    // Our clock was set right meanwhile.
    expect(clock.refused(dated(AT_MS), AT_MS)).toBe(true)
    expect(clock.at(AT_MS)).toBe(AT_MS)
  },
)

test.each([
  ['no date', []],
  ['no time', ['date', 'yesterday']],
  ['nearly our time', dated(AT_MS + 20_000)],
  ['the time of a cached answer', [...dated(AT_MS - DAY_MS), 'Age', '86400']],
  ['another year', dated(AT_MS + 400 * DAY_MS)],
])('a refusal with %s changes nothing', (_name, fields) => {
  const clock = new UpstreamClock().forRequest()
  expect(clock.refused(fields, AT_MS)).toBe(false)
  expect(clock.at(AT_MS)).toBe(AT_MS)
})

test('what was on its way when the time was set right makes sense to send again', () => {
  const clock = new UpstreamClock()
  const [first, second] = [clock.forRequest(), clock.forRequest()]
  for (const each of [first, second]) each.at(AT_MS)
  expect(first.refused(dated(AT_MS + DAY_MS), AT_MS)).toBe(true)
  expect(second.refused(dated(AT_MS + DAY_MS), AT_MS)).toBe(true)
  for (const each of [first, second]) expect(each.at(AT_MS)).toBe(AT_MS + DAY_MS)
  expect(second.refused(dated(AT_MS + DAY_MS), AT_MS)).toBe(false)
})
