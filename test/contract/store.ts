import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AssertionError, StoreConflictError } from '../../src/kernel/errors.ts'
import { GONE_USES_MAX } from '../../src/kernel/limits.ts'
import type { Member, Store, StoreVersion } from '../../src/kernel/ports/store.ts'
import { increment } from './increment.ts'
import { fullRecord, idleRecord, revealed } from './record.ts'

/** One storage, empty at first, and the replicas' ways into it. */
export interface StoreUnderTest {
  /** A client of its own, as another replica has it. */
  open(): Promise<Store>
  /** Lets this much time pass for leases; a fake clock moves, a real server is waited for. */
  elapse(ms: number): Promise<void>
  dispose(): Promise<void>
}

const ID = 'partner'
const TTL_MS = 2_000

/** What every store promises, whatever it is made of. */
export function describeStore(name: string, setUp: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest
  let store: Store
  let other: Store
  const opened: Store[] = []
  const open = async (): Promise<Store> => {
    const client = await under.open()
    opened.push(client)
    return client
  }

  beforeEach(async () => {
    under = await setUp()
    store = await open()
    other = await open()
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((client) => client.close()))
    await under.dispose()
  })

  describe(`${name}: records`, () => {
    test('a credential that was never written is null', async () => {
      expect(await store.read(ID)).toBeNull()
    })

    test('every field and every secret is read back, by every client', async () => {
      const record = fullRecord(ID)
      const version = await store.compareAndSwap(ID, null, record)
      for (const client of [store, other, await open()]) {
        const stored = await client.read(ID)
        expect(stored?.version).toBe(version)
        expect(stored && revealed(stored.record)).toEqual(revealed(record))
      }
    })

    test('credentials do not touch each other, whatever their names', async () => {
      const ids = ['a', 'a.record', 'a%2Erecord', '../a', '..', 'Ä/ö ', 'a*', 'A'.repeat(40)]
      for (const id of ids) await store.compareAndSwap(id, null, idleRecord(id))
      for (const id of ids) expect((await other.read(id))?.record.credentialId).toBe(id)
    })

    test('only who has read the stored version may write', async () => {
      const conflict = StoreConflictError
      await expect(store.compareAndSwap(ID, 1, idleRecord(ID))).rejects.toThrow(conflict)
      expect(await store.read(ID)).toBeNull()
      const first = await store.compareAndSwap(ID, null, idleRecord(ID))
      await expect(other.compareAndSwap(ID, null, fullRecord(ID))).rejects.toThrow(conflict)
      const second = await other.compareAndSwap(ID, first, idleRecord(ID))
      await expect(store.compareAndSwap(ID, first, fullRecord(ID))).rejects.toThrow(conflict)
      await expect(store.compareAndSwap(ID, second + 1, fullRecord(ID))).rejects.toThrow(conflict)
      expect(await store.read(ID)).toMatchObject({ version: second, record: { phase: 'idle' } })
    })

    test('a race of twenty has one winner, and its record is the one that is stored', async () => {
      const clients = [store, other, await open(), await open()]
      const expected = await store.compareAndSwap(ID, null, idleRecord(ID))
      const race = Array.from({ length: 20 }, (_, racer) =>
        clients[racer % 4]!.compareAndSwap(ID, expected, idleRecord(ID, { phaseSinceMs: racer })),
      )
      const outcomes = await Promise.allSettled(race)
      const winners = outcomes.flatMap((outcome, racer) =>
        outcome.status === 'fulfilled' ? [{ racer, version: outcome.value }] : [],
      )
      expect(winners).toHaveLength(1)
      const losers = outcomes.filter((outcome) => outcome.status === 'rejected')
      expect(losers.every(({ reason }) => reason instanceof StoreConflictError)).toBe(true)
      const stored = await other.read(ID)
      expect(stored?.record.phaseSinceMs).toBe(winners[0]?.racer)
      expect(stored?.version).toBe(winners[0]?.version)
    })

    test('no update is lost, and versions only grow', async () => {
      const clients = [store, other, await open()]
      await store.compareAndSwap(ID, null, idleRecord(ID, { lastGeneration: 1 }))
      const versions: StoreVersion[] = []
      await Promise.all(
        clients.map(async (client) => {
          for (let done = 0; done < 8; done++) versions.push(await increment(client, ID))
        }),
      )
      expect((await store.read(ID))?.record.lastGeneration).toBe(1 + 3 * 8)
      expect(new Set(versions).size).toBe(versions.length)
      expect(Math.max(...versions)).toBe((await other.read(ID))?.version)
    })

    test('a record that breaks a rule is refused, and what was stored stays', async () => {
      const version = await store.compareAndSwap(ID, null, idleRecord(ID))
      const broken = { ...idleRecord(ID), phase: 'staged' as const }
      await expect(store.compareAndSwap(ID, version, broken)).rejects.toThrow(AssertionError)
      expect(await other.read(ID)).toMatchObject({ version, record: { phase: 'idle' } })
    })
  })

  describe(`${name}: watch`, () => {
    test.each(['the same client', 'another client'])('tells of a write by %s', async (writer) => {
      const writing = writer === 'the same client' ? store : other
      const version = await writing.compareAndSwap(ID, null, idleRecord(ID))
      const changed = signal()
      const stop = store.watch(ID, changed.fire)
      await writing.compareAndSwap(ID, version, idleRecord(ID))
      await changed.fired
      stop()
    })

    test('never skips the last of many writes', async () => {
      let seen: StoreVersion | undefined
      let last = await other.compareAndSwap(ID, null, idleRecord(ID))
      const caughtUp = signal()
      let finished = false
      const stop = store.watch(ID, () => {
        void store.read(ID).then((stored) => {
          seen = Math.max(seen ?? 0, stored?.version ?? 0)
          if (finished && seen === last) caughtUp.fire()
        })
      })
      for (let write = 0; write < 30; write++) {
        const record = idleRecord(ID, { phaseSinceMs: write })
        last = await other.compareAndSwap(ID, last, record)
      }
      finished = true
      if (seen !== last) await caughtUp.fired
      expect(seen).toBe(last)
      stop()
    })

    test('says nothing of other credentials, and nothing after its end', async () => {
      const told: string[] = []
      const stop = store.watch(ID, () => told.push(ID))
      const ended = store.watch(ID, () => told.push('ended'))
      ended()
      ended()
      const changed = signal()
      const stopOther = store.watch('another', changed.fire)
      await store.compareAndSwap('another', null, idleRecord('another'))
      await changed.fired
      expect(told).toEqual([])
      const own = signal()
      const stopOwn = store.watch(ID, own.fire)
      await store.compareAndSwap(ID, null, idleRecord(ID))
      await own.fired
      expect(told).not.toContain('ended')
      for (const end of [stop, stopOther, stopOwn]) end()
    })
  })

  describe(`${name}: lease`, () => {
    test('belongs to one holder at a time, for each credential apart', async () => {
      const lease = await store.acquireLease(ID, 'a', TTL_MS)
      expect(lease).not.toBeNull()
      expect(await other.acquireLease(ID, 'b', TTL_MS)).toBeNull()
      expect(await other.acquireLease('another', 'b', TTL_MS)).not.toBeNull()
    })

    test('a race for it has one winner', async () => {
      const clients = [store, other, await open(), await open()]
      const race = clients.map((client, racer) => client.acquireLease(ID, `h${racer}`, TTL_MS))
      const won = (await Promise.all(race)).filter((lease) => lease !== null)
      expect(won).toHaveLength(1)
    })

    test('is free once released, and its fence rises with every holder', async () => {
      const fences: number[] = []
      for (const [client, holder] of [
        [store, 'a'],
        [other, 'b'],
        [store, 'a'],
      ] as const) {
        const lease = await client.acquireLease(ID, holder, TTL_MS)
        fences.push(lease?.fence ?? 0)
        await lease?.release()
      }
      expect(fences[0]).toBeGreaterThan(0)
      expect(fences[1]).toBeGreaterThan(fences[0]!)
      expect(fences[2]).toBeGreaterThan(fences[1]!)
    })

    test('lives as long as it is renewed', async () => {
      const lease = await store.acquireLease(ID, 'a', TTL_MS)
      for (let renewals = 0; renewals < 4; renewals++) {
        expect(await other.acquireLease(ID, 'b', TTL_MS)).toBeNull()
        await under.elapse(TTL_MS * 0.6)
        expect(await lease?.renew()).toBe(true)
      }
      expect(await other.acquireLease(ID, 'b', TTL_MS)).toBeNull()
    })

    test('is taken over from a holder that stands still; the zombie can neither renew nor write', async () => {
      const version = await store.compareAndSwap(ID, null, idleRecord(ID))
      const zombie = await store.acquireLease(ID, 'zombie', TTL_MS)
      expect(await other.acquireLease(ID, 'b', TTL_MS)).toBeNull()
      await under.elapse(TTL_MS + 500)
      const lease = await other.acquireLease(ID, 'b', TTL_MS)
      expect(lease?.fence).toBeGreaterThan(zombie?.fence ?? 0)
      await other.compareAndSwap(ID, version, idleRecord(ID, { paused: true }))
      expect(await zombie?.renew()).toBe(false)
      await expect(store.compareAndSwap(ID, version, idleRecord(ID))).rejects.toThrow(
        StoreConflictError,
      )
      await zombie?.release()
      expect(await store.acquireLease(ID, 'c', TTL_MS)).toBeNull()
      expect(await lease?.renew()).toBe(true)
      expect((await store.read(ID))?.record.paused).toBe(true)
    })
  })

  describe(`${name}: members`, () => {
    const member = (instance: string, ackGeneration: number): Member => ({
      instance,
      held: [ackGeneration, ackGeneration + 1],
      ackGeneration,
      lastUse: { [ackGeneration]: 1_700_000_000_123 },
      atMs: 1_700_000_000_456,
    })
    const list = async (client: Store, id: string) =>
      (await client.members(id)).toSorted((a, b) => a.instance.localeCompare(b.instance))

    test('are seen by every client, with their latest word, for each credential apart', async () => {
      expect(await store.members(ID)).toEqual([])
      await store.publishMember(ID, member('i1', 1))
      await other.publishMember(ID, member('i2.x/y', 1))
      await other.publishMember('another', member('i2.x/y', 7))
      await store.publishMember(ID, member('i1', 2))
      expect(await list(other, ID)).toEqual([member('i1', 2), member('i2.x/y', 1)])
      expect(await list(store, 'another')).toEqual([member('i2.x/y', 7)])
    })

    test('tell what they see of a staged promotion', async () => {
      const rollout = { generation: 2, forMs: 1_500, requests: 40, refusals: 1 }
      await store.publishMember(ID, { ...member('i1', 1), rollout })
      expect(await list(other, ID)).toEqual([{ ...member('i1', 1), rollout }])
    })

    test('leave by being removed; removing one that is not there is harmless', async () => {
      await store.publishMember(ID, member('i1', 1))
      await store.publishMember(ID, member('i2', 1))
      await other.removeMember(ID, 'i1')
      await other.removeMember(ID, 'i1')
      expect(await list(store, ID)).toEqual([member('i2', 1)])
    })

    test('what they used outlives them, for each credential apart', async () => {
      await store.publishMember(ID, { ...member('i1', 1), lastUse: { 1: 500, 2: 900 } })
      await store.publishMember(ID, { ...member('i2', 1), lastUse: { 1: 700 } })
      expect(await other.goneUses(ID)).toEqual({})
      await store.removeMember(ID, 'i1')
      expect(await other.goneUses(ID)).toEqual({ 1: 500, 2: 900 })
      await other.removeMember(ID, 'i2')
      await other.removeMember(ID, 'i2')
      expect(await store.goneUses(ID)).toEqual({ 1: 700, 2: 900 })
      expect(await store.goneUses('another')).toEqual({})
    })

    test('of many that come and go, the latest uses are kept, and no more', async () => {
      for (let life = 1; life <= GONE_USES_MAX + 4; life++) {
        await store.publishMember(ID, { ...member(`i${life}`, life), lastUse: { [life]: life } })
        await store.removeMember(ID, `i${life}`)
      }
      const kept = Object.keys(await other.goneUses(ID)).map(Number)
      expect(kept).toHaveLength(GONE_USES_MAX)
      expect(Math.min(...kept)).toBe(5)
      expect(await list(other, ID)).toEqual([])
    })

    test('silence alone does not end a membership', async () => {
      await store.publishMember(ID, member('i1', 1))
      await under.elapse(60_000)
      expect(await list(other, ID)).toEqual([member('i1', 1)])
    })
  })
}

function signal(): { readonly fire: () => void; readonly fired: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { fire: () => resolve(), fired: promise }
}
