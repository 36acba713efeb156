import { expect, test } from 'vitest'
import { StoreUnavailableError } from '../../../src/kernel/errors.ts'
import type { CredentialRecord } from '../../../src/kernel/credential.ts'
import type { Member, StoreVersion } from '../../../src/kernel/ports/store.ts'
import { WriteBehind } from '../../../src/stores/write-behind.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'
import { MemoryStorage, MemoryStore } from '../../fakes/memory-store.ts'
import { Bench } from '../rotation/bench.ts'

/** A store whose writes wait until they are let through, and may fail. */
class SlowStore extends MemoryStore {
  readonly begun: string[] = []
  readonly #gate = Promise.withResolvers<void>()
  fails = false

  open(): void {
    this.#gate.resolve()
  }

  override async compareAndSwap(
    credentialId: string,
    expected: StoreVersion | null,
    record: CredentialRecord,
  ): Promise<StoreVersion> {
    this.begun.push(`${credentialId} after ${expected}`)
    await this.#gate.promise
    if (this.fails) throw new StoreUnavailableError('the disk is full')
    return super.compareAndSwap(credentialId, expected, record)
  }

  override async publishMember(credentialId: string, member: Member): Promise<void> {
    this.begun.push(`member of ${credentialId}`)
    await this.#gate.promise
    if (this.fails) throw new StoreUnavailableError('the disk is full')
    return super.publishMember(credentialId, member)
  }
}

const MEMBER: Member = { instance: 'a', held: [1], ackGeneration: 1, lastUse: {}, atMs: 0 }

async function crowd(count: number) {
  const clock = new FakeClock()
  const slow = new SlowStore(clock, new MemoryStorage())
  const store = new WriteBehind(slow, new RecordingLog())
  const bench = new Bench()
  await bench.rotator.ensureRecord()
  const record = (id: string): CredentialRecord => ({ ...bench.record, credentialId: id })
  const ids = Array.from({ length: count }, (_, index) => `c${index}`)
  const accepted: string[] = []
  const written = ids.map(async (id) => {
    await store.compareAndSwap(id, null, record(id))
    accepted.push(id)
  })
  await clock.advance(0)
  return { clock, slow, store, record, ids, accepted, written: Promise.all(written) }
}

test('a few first records are waited for', async () => {
  const { clock, slow, accepted, written } = await crowd(32)
  expect(accepted).toEqual([])
  slow.open()
  await clock.advance(0)
  await written
  expect(accepted).toHaveLength(32)
})

test('of a burst, the others are accepted at once, offered to requests, and written later', async () => {
  const { clock, slow, store, accepted, written, ids } = await crowd(100)
  expect(accepted).toHaveLength(68)
  expect((await store.read('c99'))?.version).toBe(1)
  slow.open()
  await written
  await clock.advance(0)
  const stored = await Promise.all(ids.map((id) => slow.read(id)))
  expect(stored.every((one) => one?.version === 1)).toBe(true)
})

test('no intent is saved before the first record is written', async () => {
  const { clock, slow, store, record } = await crowd(100)
  const saved = store.compareAndSwap('c99', 1, record('c99'))
  await clock.advance(0)
  expect(slow.begun).not.toContain('c99 after 1')
  slow.open()
  expect(await saved).toBe(2)
  const own = slow.begun.filter((one) => one.startsWith('c99 '))
  expect(own).toEqual(['c99 after null', 'c99 after 1'])
})

test('an intent fails while the first record can not be written, and it is still offered', async () => {
  const { slow, store, record, written } = await crowd(100)
  void written.catch(() => {})
  slow.fails = true
  slow.open()
  await expect(store.compareAndSwap('c99', 1, record('c99'))).rejects.toThrow('full')
  expect(await store.read('c99')).not.toBeNull()
  slow.fails = false
  expect(await store.compareAndSwap('c99', 1, record('c99'))).toBe(2)
})

test('another replica that was first is the one that counts', async () => {
  const { slow, store, record, written } = await crowd(100)
  await MemoryStore.prototype.compareAndSwap.call(slow, 'c99', null, record('c99'))
  slow.open()
  await written
  expect(await store.compareAndSwap('c99', 1, record('c99'))).toBe(2)
})

test('who reads the members of a credential finds this process among them', async () => {
  const { slow, store } = await crowd(100)
  await store.publishMember('c99', MEMBER)
  expect(slow.begun).not.toContain('member of c99')
  slow.open()
  expect(await store.members('c99')).toEqual([MEMBER])
})

test('the last uses of a replica that leaves in a burst are said before it goes', async () => {
  const { slow, store, ids } = await crowd(40)
  const id = ids[35] ?? ''
  await store.publishMember(id, { ...MEMBER, lastUse: { 1: 700 } })
  expect(slow.begun).not.toContain(`member of ${id}`)
  const left = store.removeMember(id, MEMBER.instance)
  slow.open()
  await left
  expect(await store.goneUses(id)).toEqual({ 1: 700 })
  expect(await slow.members(id)).toEqual([])
})
