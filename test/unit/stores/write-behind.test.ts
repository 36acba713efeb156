import { expect, test } from 'vitest'
import { StoreUnavailableError } from '../../../src/kernel/errors.ts'
import type { CredentialRecord } from '../../../src/kernel/credential.ts'
import type { Member, StoreVersion } from '../../../src/kernel/ports/store.ts'
import { WriteBehind } from '../../../src/stores/write-behind.ts'
import { FakeClock, settle } from '../../fakes/clock.ts'
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
  const store = new WriteBehind(slow, { clock, log: new RecordingLog() })
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

test('who watches is told that another replica was first, and has gone on since', async () => {
  const { clock, slow, store, record, written } = await crowd(100)
  const read: (number | null)[] = []
  const stop = store.watch('c99', () => {
    void store.read('c99').then((stored) => read.push(stored?.version ?? null))
  })
  await MemoryStore.prototype.compareAndSwap.call(slow, 'c99', null, record('c99'))
  await MemoryStore.prototype.compareAndSwap.call(slow, 'c99', 1, record('c99'))
  await settle()
  expect(read).toEqual([1, 1])
  slow.open()
  await written
  await clock.advance(1_000)
  expect(read).toEqual([1, 1, 2])
  stop()
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

/** A store whose writes take 5 ms each. */
class SteadyStore extends MemoryStore {
  readonly begun: string[] = []
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    super(clock, new MemoryStorage())
    this.#clock = clock
  }

  override async compareAndSwap(
    ...[credentialId, expected, record]: Parameters<MemoryStore['compareAndSwap']>
  ): Promise<StoreVersion> {
    this.begun.push(`record of ${credentialId}`)
    await this.#clock.sleep(5)
    return super.compareAndSwap(credentialId, expected, record)
  }

  override async publishMember(credentialId: string, member: Member): Promise<void> {
    this.begun.push(`member of ${credentialId}, held ${member.held.join()}`)
    await this.#clock.sleep(5)
    return super.publishMember(credentialId, member)
  }
}

/** Has `count` credentials whose first records wait, after 32 that were waited for. */
async function steadyCrowd(count: number) {
  const clock = new FakeClock()
  const steady = new SteadyStore(clock)
  const store = new WriteBehind(steady, { clock, log: new RecordingLog() })
  const bench = new Bench()
  await bench.rotator.ensureRecord()
  const ids = Array.from({ length: 32 + count }, (_, index) => `c${index}`)
  for (const id of ids) void store.compareAndSwap(id, null, { ...bench.record, credentialId: id })
  for (const id of ids.slice(32)) await store.publishMember(id, MEMBER)
  steady.begun.length = 0
  return { clock, steady, store }
}

test('after a registration it rests as long as that took, after a record four times as long', async () => {
  const { clock, steady } = await steadyCrowd(3)
  const begunAtMs: number[] = []
  const startMs = clock.now()
  for (let passedMs = 0; passedMs < 200; passedMs++) {
    while (begunAtMs.length < steady.begun.length) begunAtMs.push(clock.now() - startMs)
    await clock.advance(1)
  }
  // The first record took 5 ms; then come three registrations, and two more records.
  expect(begunAtMs).toEqual([25, 35, 45, 55, 80])
})

test('registrations are written before records', async () => {
  const { clock, steady } = await steadyCrowd(3)
  await clock.advance(1_000)
  // The first record was begun before anybody registered.
  expect(steady.begun).toEqual([
    ...['c32', 'c33', 'c34'].map((id) => `member of ${id}, held 1`),
    ...['c33', 'c34'].map((id) => `record of ${id}`),
  ])
})

test('what a replica says while it is being registered is written too', async () => {
  const { clock, steady, store } = await steadyCrowd(1)
  const waiting = () => steady.begun.filter((one) => one.startsWith('member of c32'))
  while (waiting().length === 0) await clock.advance(1)
  await store.publishMember('c32', { ...MEMBER, held: [1, 2] })
  await clock.advance(10)
  expect(waiting()).toEqual(['member of c32, held 1', 'member of c32, held 1,2'])
})

test('one that can not be written keeps no other waiting', async () => {
  const { clock, steady, store } = await steadyCrowd(2)
  const publish = steady.publishMember.bind(steady)
  steady.publishMember = (id, member) =>
    id === 'c32' ? Promise.reject(new StoreUnavailableError('damaged')) : publish(id, member)
  await clock.advance(1_000)
  expect(await steady.members('c33')).toEqual([MEMBER])
  expect(await steady.read('c33')).not.toBeNull()
  await store.close()
})

/** From here on so many wait for the store that whatever is said is written behind. */
function keepBusy({ steady, store }: Awaited<ReturnType<typeof steadyCrowd>>): void {
  const publish = steady.publishMember.bind(steady)
  steady.publishMember = (id, member) =>
    id.startsWith('busy') ? new Promise(() => {}) : publish(id, member)
  for (let each = 0; each < 32; each++) void store.publishMember(`busy${each}`, MEMBER)
}

test('a replica that could not be written is written when it speaks again, however much waits', async () => {
  const crowded = await steadyCrowd(100)
  const { clock, steady, store } = crowded
  await clock.advance(5)
  keepBusy(crowded)
  const publish = steady.publishMember.bind(steady)
  let isAway = true
  steady.publishMember = (id, member) =>
    id === 'c32' && isAway ? Promise.reject(new StoreUnavailableError('away')) : publish(id, member)
  await clock.advance(100)
  isAway = false
  // The others never let it come to an end.
  for (let second = 0; second < 60; second++) {
    for (let other = 33; other < 132; other++) await store.publishMember(`c${other}`, MEMBER)
    if (second % 30 === 29) await store.publishMember('c32', MEMBER)
    await clock.advance(900)
  }
  expect(await MemoryStore.prototype.members.call(steady, 'c32')).toEqual([MEMBER])
})

test('one that fails again and again keeps no other waiting', async () => {
  const { clock, steady, store } = await steadyCrowd(3)
  const publish = steady.publishMember.bind(steady)
  steady.publishMember = async (id, member) => {
    if (id !== 'c32') return publish(id, member)
    // It speaks meanwhile.
    await store.publishMember('c32', MEMBER)
    throw new StoreUnavailableError('damaged')
  }
  await clock.advance(1_000)
  expect(await steady.members('c34')).toEqual([MEMBER])
  await store.close()
})

test('what is said while the last rest ends is written', async () => {
  for (let hops = 0; hops < 10; hops++) {
    const crowded = await steadyCrowd(1)
    const { clock, steady, store } = crowded
    await clock.advance(1_000)
    keepBusy(crowded)
    clock.sleep = () => {
      clock.sleep = FakeClock.prototype.sleep.bind(clock)
      return new Promise((resolve) => {
        setImmediate(() => {
          resolve()
          let said = Promise.resolve()
          for (let hop = 0; hop < hops; hop++) said = said.then(() => {})
          void said.then(() => store.publishMember('c33', MEMBER))
        })
      })
    }
    steady.publishMember = MemoryStore.prototype.publishMember.bind(steady)
    await store.publishMember('c32', MEMBER)
    await settle()
    await clock.advance(60_000)
    expect(await MemoryStore.prototype.members.call(steady, 'c33')).toEqual([MEMBER])
  }
})

test('who closes the store does not wait for a rest', async () => {
  const { clock, steady, store } = await steadyCrowd(3)
  await clock.advance(7)
  const begun = steady.begun.length
  await store.close()
  await clock.advance(1_000)
  expect(steady.begun).toHaveLength(begun)
})
