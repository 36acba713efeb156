import { expect, test } from 'vitest'
import { Rounds } from '../../../src/proxy/rounds.ts'
import { FakeClock } from '../../fakes/clock.ts'

function joining(count: number) {
  const clock = new FakeClock()
  const rounds = new Rounds(clock, 1_000)
  const calls = Array.from({ length: count }, () => 0)
  const stops = calls.map((_none, at) => rounds.join(() => (calls[at] = (calls[at] ?? 0) + 1)))
  return { clock, rounds, calls, stops }
}

test('calls a few once in a period', async () => {
  const { clock, calls } = joining(3)
  await clock.advance(999)
  expect(calls).toEqual([0, 0, 0])
  await clock.advance(1)
  expect(calls).toEqual([1, 1, 1])
  await clock.advance(4_000)
  expect(calls).toEqual([5, 5, 5])
})

test('calls thousands some at a time, each of them as often', async () => {
  const { clock, calls } = joining(2_100)
  // The first round begins when there is one.
  await clock.advance(1_000)
  let most = 0
  let before = calls.reduce((sum, each) => sum + each)
  const from = [...calls]
  for (let ms = 0; ms < 10_000; ms += 10) {
    await clock.advance(10)
    const now = calls.reduce((sum, each) => sum + each)
    most = Math.max(most, now - before)
    before = now
  }
  expect(most).toBe(250)
  const called = calls.map((each, at) => each - (from[at] ?? 0))
  expect(Math.min(...called)).toBeGreaterThanOrEqual(9)
  expect(Math.max(...called)).toBeLessThanOrEqual(10)
})

test.each([249, 250, 251, 500, 750])('each of %i is called once in a period', async (count) => {
  const { clock, calls } = joining(count)
  // The first round begins when there is one.
  await clock.advance(2_000)
  const from = [...calls]
  await clock.advance(6_000)
  const called = new Set(calls.map((each, at) => each - (from[at] ?? 0)))
  expect([...called]).toEqual([6])
})

test('whoever has left is called no more, and the last one stops the timer', async () => {
  const { clock, calls, stops, rounds } = joining(2)
  await clock.advance(1_000)
  stops[0]?.()
  await clock.advance(1_000)
  expect(calls).toEqual([1, 2])
  stops[1]?.()
  stops[1]?.()
  expect(clock.pending).toBe(0)
  let again = 0
  rounds.join(() => again++)
  await clock.advance(2_000)
  expect([calls, again]).toEqual([[1, 2], 2])
})
