import { expect, test } from 'vitest'
import { Seldom } from '../../../src/proxy/seldom.ts'
import { FakeClock } from '../../fakes/clock.ts'

function seldom() {
  const clock = new FakeClock()
  const state = { done: 0 }
  const act = new Seldom(clock, 1_000, () => state.done++)
  return { clock, state, act }
}

test('the first time is at once, what is asked for meanwhile is one more at the end', async () => {
  const { clock, state, act } = seldom()
  for (let i = 0; i < 100; i++) act.ask()
  expect(state.done).toBe(1)
  await clock.advance(1_000)
  expect(state.done).toBe(2)
  await clock.advance(10_000)
  expect(state.done).toBe(2)
})

test('after a rest it is at once again', async () => {
  const { clock, state, act } = seldom()
  act.ask()
  await clock.advance(1_000)
  act.ask()
  expect(state.done).toBe(2)
})

test('what was asked for is not done after the end', async () => {
  const { clock, state, act } = seldom()
  act.ask()
  act.ask()
  act.stop()
  await clock.advance(10_000)
  expect(state.done).toBe(1)
})
