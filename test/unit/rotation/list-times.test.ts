import { expect, test } from 'vitest'
import { nothingSeen, sawList } from '../../../src/rotation/observation.ts'

test('an absence is as old as the answer that showed it, however long its list was on the way', () => {
  const [askedAtMs, answeredAtMs] = [1_000, 10_000]
  const seen = sawList(
    nothingSeen(askedAtMs),
    ['c3'],
    ['c3', 'gone'],
    askedAtMs,
    new Map(),
    answeredAtMs,
  )
  expect(seen.presence.get('gone')).toEqual({ listed: false, sinceMs: answeredAtMs })
  // Nothing newer than the question is known to be in the list.
  expect(seen.list?.atMs).toBe(askedAtMs)
})
