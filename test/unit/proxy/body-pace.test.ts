import { expect, test } from 'vitest'
import { BodyPaces } from '../../../src/proxy/body-pace.ts'
import type { ClientRequest } from '../../../src/proxy/client-message.ts'
import { FakeClock } from '../../fakes/clock.ts'

/** Only what a pace looks at. */
function body(announced = true) {
  const clock = new FakeClock()
  const paces = new BodyPaces(clock)
  const state = { bytes: 0, paused: false, complete: false }
  const request = {
    get complete() {
      return state.complete
    },
    socket: {
      get bytesRead() {
        return state.bytes
      },
    },
    isPaused: () => state.paused,
  } as unknown as ClientRequest
  const pace = paces.watch(request, announced)
  let slow = 0
  pace.whenSlow = () => slow++
  const pass = async (seconds: number, bytesPerSecond: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      state.bytes += bytesPerSecond
      await clock.advance(1_000)
    }
  }
  return { clock, paces, pace, state, pass, slow: () => slow }
}

test('a body that does not come is cut after its grace, once', async () => {
  const one = body()
  await one.pass(19, 0)
  expect(one.slow()).toBe(0)
  await one.pass(1, 0)
  expect(one.slow()).toBe(1)
  await one.pass(60, 0)
  expect(one.slow()).toBe(1)
})

test('a body of 500 bytes per second comes to its end, one of 400 does not', async () => {
  const steady = body()
  await steady.pass(1_000, 500)
  expect(steady.slow()).toBe(0)
  const slow = body()
  await slow.pass(99, 400)
  expect(slow.slow()).toBe(0)
  await slow.pass(1, 400)
  expect(slow.slow()).toBe(1)
})

test('a burst buys no more than the grace', async () => {
  const one = body()
  await one.pass(1, 10_000_000)
  await one.pass(20, 0)
  expect(one.slow()).toBe(1)
})

test('the time for which the upstream holds it back is not its own', async () => {
  const one = body()
  one.state.paused = true
  await one.pass(3_600, 0)
  one.state.paused = false
  await one.pass(19, 0)
  expect(one.slow()).toBe(0)
})

test('a stream without a length may be slow, and silent for five minutes', async () => {
  const one = body(false)
  await one.pass(600, 1)
  await one.pass(299, 0)
  expect(one.slow()).toBe(0)
  await one.pass(1, 0)
  expect(one.slow()).toBe(1)
})

test('what has come whole, or is not watched any more, is not cut; nothing is swept then', async () => {
  const whole = body()
  whole.state.complete = true
  await whole.pass(60, 0)
  expect(whole.slow()).toBe(0)
  const stopped = body()
  stopped.paces.stop(stopped.pace)
  await stopped.pass(60, 0)
  expect(stopped.slow()).toBe(0)
  expect(stopped.clock.pending).toBe(0)
})
