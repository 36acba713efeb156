import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SystemClock } from '../../../src/platform/system-clock.ts'

const DAY_MS = 86_400_000

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('calls back once when the delay is over, not before', async () => {
  const called = vi.fn()
  new SystemClock().after(500, called)
  await vi.advanceTimersByTimeAsync(499)
  expect(called).toHaveBeenCalledTimes(0)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(called).toHaveBeenCalledTimes(1)
})

test('waits 30 days, although a timer of Node ends at 24.8', async () => {
  const called = vi.fn()
  new SystemClock().after(30 * DAY_MS, called)
  await vi.advanceTimersByTimeAsync(30 * DAY_MS - 1)
  expect(called).toHaveBeenCalledTimes(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(called).toHaveBeenCalledTimes(1)
})

test('a long wait can be stopped in its second piece, twice', async () => {
  const called = vi.fn()
  const stop = new SystemClock().after(30 * DAY_MS, called)
  await vi.advanceTimersByTimeAsync(26 * DAY_MS)
  stop()
  stop()
  await vi.advanceTimersByTimeAsync(30 * DAY_MS)
  expect(called).toHaveBeenCalledTimes(0)
  expect(vi.getTimerCount()).toBe(0)
})

test('a delay that is already over is due at once', async () => {
  const called = vi.fn()
  new SystemClock().after(-5, called)
  await vi.advanceTimersByTimeAsync(1)
  expect(called).toHaveBeenCalledTimes(1)
})

test('sleep rejects with the reason of the signal and leaves no timer', async () => {
  const abort = new AbortController()
  const sleeping = new SystemClock().sleep(DAY_MS, abort.signal)
  abort.abort(new Error('shutting down'))
  await expect(sleeping).rejects.toThrow('shutting down')
  await expect(new SystemClock().sleep(1, abort.signal)).rejects.toThrow('shutting down')
  expect(vi.getTimerCount()).toBe(0)
})

test('sleep resolves when its time is over', async () => {
  const sleeping = new SystemClock().sleep(1_000, new AbortController().signal)
  await vi.advanceTimersByTimeAsync(1_000)
  await expect(sleeping).resolves.toBeUndefined()
})

test('the wall clock is the machine’s, and the monotonic one does not go back', () => {
  vi.useRealTimers()
  const clock = new SystemClock()
  const before = Date.now()
  const wall = clock.now()
  expect(wall).toBeGreaterThanOrEqual(before)
  expect(wall).toBeLessThanOrEqual(Date.now())
  const first = clock.monotonic()
  expect(clock.monotonic()).toBeGreaterThanOrEqual(first)
})

test('a waiting timer does not keep the process alive', async () => {
  vi.useRealTimers()
  const file = new URL('../../../src/platform/system-clock.ts', import.meta.url).href
  const script = `import { SystemClock } from '${file}'
    const clock = new SystemClock()
    clock.after(3_600_000, () => {})
    clock.sleep(3_600_000).catch(() => {})`
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 4_000,
  })
  await expect(run).resolves.toMatchObject({ stderr: '' })
})
