import { beforeEach, expect, test } from 'vitest'
import { StoreUnavailableError } from '../../../src/kernel/errors.ts'
import { createRecordSource } from '../../../src/stores/record-source.ts'
import { fullRecord, idleRecord } from '../../contract/record.ts'
import { FakeClock, settle } from '../../fakes/clock.ts'
import { MemoryStore } from '../../fakes/memory-store.ts'

let store: MemoryStore

beforeEach(() => {
  store = new MemoryStore(new FakeClock())
})

const source = () =>
  createRecordSource({ store, credentialId: 'partner', publicValues: { apiKey: 'a1b2c3d4' } })

test('offers what the record offers, the version to try first at the head', async () => {
  await store.compareAndSwap('partner', null, fullRecord('partner'))
  const loaded = await source().load()
  expect(loaded).toMatchObject({ credentialId: 'partner', publicValues: { apiKey: 'a1b2c3d4' } })
  expect(loaded.versions.map(({ stage, versionId }) => `${stage} ${versionId}`)).toEqual([
    'current g1',
    'pending g3',
  ])
})

test('without a record there is nothing to offer, and the error says so', async () => {
  await expect(source().load()).rejects.toThrow(StoreUnavailableError)
  await expect(source().load()).rejects.toThrow('the store has no record of partner yet')
})

test('tells of new records until it is stopped', async () => {
  let told = 0
  const stop = source().watch(() => told++)
  const version = await store.compareAndSwap('partner', null, idleRecord('partner'))
  await settle()
  expect(told).toBe(1)
  stop()
  await store.compareAndSwap('partner', version, idleRecord('partner'))
  await settle()
  expect(told).toBe(1)
})
