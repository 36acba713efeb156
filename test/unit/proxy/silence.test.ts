import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Silence } from '../../../src/proxy/silence.ts'

/** The silence of a socket of which only the timer is asked. */
function watched(): { readonly silence: Silence; readonly timers: number[] } {
  const timers: number[] = []
  const socket = Object.assign(new EventEmitter(), {
    setTimeout: (ms: number) => timers.push(ms),
  }) as unknown as Socket
  const silence = new Silence(socket, 55)
  silence.watch()
  return { silence, timers }
}

test('a limit that is longer than the shortest ends when it is over, not a whole round later', () => {
  const { silence, timers } = watched()
  expect(silence.isOver(60)).toBe(false)
  expect(silence.isOver(60)).toBe(true)
  expect(timers).toEqual([55, 5])
})

test('a limit of many rounds ends on the dot', () => {
  const { silence, timers } = watched()
  const rounds = Array.from({ length: 6 }, () => silence.isOver(300))
  expect(rounds).toEqual([false, false, false, false, false, true])
  expect(timers).toEqual([55, 55, 55, 55, 55, 25])
})

test('what breaks a silence begins another, with the rounds that are left of the old one', () => {
  const { silence, timers } = watched()
  expect(silence.isOver(60)).toBe(false)
  silence.broken()
  // The timer runs for 5 still, and then for as long as nothing can be over.
  expect(silence.isOver(60)).toBe(false)
  expect(silence.isOver(60)).toBe(true)
  expect(timers).toEqual([55, 5, 55])
})

test('what begins where nothing has moved has all of its time', () => {
  const { silence, timers } = watched()
  silence.begin()
  expect(silence.isOver(60)).toBe(false)
  expect(silence.isOver(60)).toBe(true)
  expect(timers).toEqual([55, 55, 5])
})

test('another least limit holds from when it is told', () => {
  const { silence, timers } = watched()
  silence.watchFor(2)
  expect(silence.isOver(2)).toBe(true)
  expect(timers).toEqual([55, 2])
})
