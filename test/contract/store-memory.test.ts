import { expect, test } from 'vitest'
import { StoreUnavailableError } from '../../src/kernel/errors.ts'
import { FakeClock } from '../fakes/clock.ts'
import { MemoryStorage, MemoryStore } from '../fakes/memory-store.ts'
import { idleRecord } from './record.ts'
import { describeStore } from './store.ts'

describeStore('memory store', async () => {
  const clock = new FakeClock()
  const storage = new MemoryStorage()
  return {
    open: async () => new MemoryStore(clock, storage),
    elapse: (ms) => clock.advance(ms),
    dispose: async () => undefined,
  }
})

test('memory store: a lost answer is a write that happened', async () => {
  const storage = new MemoryStorage()
  const store = new MemoryStore(new FakeClock(), storage)
  storage.loseNextAnswer()
  const writing = store.compareAndSwap('partner', null, idleRecord('partner'))
  await expect(writing).rejects.toThrow(StoreUnavailableError)
  expect((await store.read('partner'))?.version).toBe(1)
})

test('memory store: while it is down, nothing is read and nothing happens', async () => {
  const storage = new MemoryStorage()
  const store = new MemoryStore(new FakeClock(), storage)
  storage.isDown = true
  await expect(store.read('partner')).rejects.toThrow(StoreUnavailableError)
  const writing = store.compareAndSwap('partner', null, idleRecord('partner'))
  await expect(writing).rejects.toThrow(StoreUnavailableError)
  storage.isDown = false
  expect(await store.read('partner')).toBeNull()
})
