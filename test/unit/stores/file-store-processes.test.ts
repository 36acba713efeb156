import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { StoreConflictError, StoreUnavailableError } from '../../../src/kernel/errors.ts'
import type { Member } from '../../../src/kernel/ports/store.ts'
import { SystemClock } from '../../../src/platform/system-clock.ts'
import {
  ownIdentity,
  type ProcessIdentity,
  stateOf,
} from '../../../src/stores/file/process-identity.ts'
import { idleRecord } from '../../contract/record.ts'
import { setUpFileStore } from './file-store-setup.ts'

const ID = 'partner'
const OWN = ownIdentity()
/** It had this process's id, before this process. */
const DEAD: ProcessIdentity = { ...OWN, start: '1' }
const ANOTHER_CONTAINER: ProcessIdentity = { ...OWN, namespace: 'pid:[1]' }
const ANOTHER_HOST: ProcessIdentity = { ...OWN, hostname: 'another' }
const BEFORE_THE_BOOT: ProcessIdentity = { ...OWN, boot: 'another' }

const setup = setUpFileStore()

const lockFor = (holder: ProcessIdentity) =>
  symlink(JSON.stringify({ ...holder, nonce: 'n' }), setup.file('partner.lock'))

test('tells a living process from an ended one, and from one that it can not see', async () => {
  expect(stateOf(OWN, OWN)).toBe('alive')
  expect(stateOf(DEAD, OWN)).toBe('dead')
  for (const unseen of [ANOTHER_CONTAINER, ANOTHER_HOST, BEFORE_THE_BOOT]) {
    expect(stateOf(unseen, OWN)).toBe('elsewhere')
  }
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  expect(stateOf({ ...OWN, pid: child.pid! }, OWN)).toBe('dead')
})

test('where starts can not be told, a process counts as alive while its id is taken', async () => {
  const blind = { ...OWN, start: '' }
  expect(stateOf(blind, blind)).toBe('alive')
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  expect(stateOf({ ...blind, pid: child.pid! }, blind)).toBe('dead')
})

test('the lock of a dead process is broken at once, by one of many at a time', async () => {
  const clock = new SystemClock()
  const stores = await Promise.all(Array.from({ length: 6 }, () => setup.open({ clock })))
  await lockFor(DEAD)
  const race = await Promise.allSettled(
    stores.map((store, racer) =>
      store.compareAndSwap(ID, null, idleRecord(ID, { phaseSinceMs: racer })),
    ),
  )
  expect(race.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const lost = race.flatMap((run) => (run.status === 'rejected' ? [run.reason as Error] : []))
  expect(lost.every((reason) => reason instanceof StoreConflictError)).toBe(true)
  expect((await readdir(setup.directory)).filter((name) => name.includes('lock'))).toEqual([])
})

test('the lock of a process that died while it broke another one is broken too', async () => {
  const store = await setup.open()
  await lockFor(DEAD)
  await symlink(JSON.stringify({ ...DEAD, nonce: 'm' }), setup.file('partner.lock.break'))
  expect(await store.compareAndSwap(ID, null, idleRecord(ID))).toBe(1)
})

test('the lock of another container is broken after it stood still for 2 s, not before', async () => {
  const store = await setup.open()
  await lockFor(ANOTHER_CONTAINER)
  const writing = store.compareAndSwap(ID, null, idleRecord(ID))
  await passing(1_900)
  expect(await readlink(setup.file('partner.lock'))).toContain(ANOTHER_CONTAINER.namespace)
  expect(await passingUntil(writing)).toBe(1)
})

test('the lock of a living process is waited for, then an error names it', async () => {
  const store = await setup.open()
  await lockFor(OWN)
  const writing = store.compareAndSwap(ID, null, idleRecord(ID))
  await expect(passingUntil(writing)).rejects.toThrow(StoreUnavailableError)
  await expect(writing).rejects.toThrow(setup.file('partner.lock'))
  await rm(setup.file('partner.lock'))
  expect(await store.compareAndSwap(ID, null, idleRecord(ID))).toBe(1)
})

test('what a dead writer left half-written is removed, what a living one writes is not', async () => {
  await setup.open()
  const leftover = setup.file(`partner.record.${OWN.pid}-1-ab-0.tmp`)
  const inWork = setup.file(`partner.record.${OWN.pid}-${OWN.start}-ab-0.tmp`)
  for (const path of [leftover, inWork]) await writeFile(path, 'half', { mode: 0o600 })
  await setup.open()
  expect((await readdir(setup.directory)).map((name) => setup.file(name))).toEqual([inWork])
})

test('replicas whose process has ended or runs elsewhere are left out, the others stay', async () => {
  const store = await setup.open()
  const member: Member = { instance: 'i1', held: [1], ackGeneration: 1, lastUse: {}, atMs: 1 }
  await store.publishMember(ID, member)
  const gone = {
    dead: DEAD,
    container: ANOTHER_CONTAINER,
    host: ANOTHER_HOST,
    boot: BEFORE_THE_BOOT,
  }
  for (const [instance, process] of Object.entries(gone)) {
    const text = JSON.stringify({ process, member: { ...member, instance } })
    await writeFile(setup.file(`partner.member.${instance}`), text, { mode: 0o600 })
  }
  // A power cut can empty a file that was not flushed.
  await writeFile(setup.file('partner.member.cut'), '', { mode: 0o600 })
  expect((await store.members(ID)).map(({ instance }) => instance)).toEqual(['i1'])
  const left = (await readdir(setup.directory)).filter((name) => name.includes('.member.'))
  expect(left).toEqual(['partner.member.cut', 'partner.member.i1'])
})

test('a replica that is found dead may have used all it held until then', async () => {
  const store = await setup.open()
  const foundAtMs = setup.clock.now()
  const member = {
    instance: 'i1',
    held: [2, 1],
    ackGeneration: 2,
    lastUse: { 2: 90, 7: 70 },
    atMs: 95,
  }
  const text = JSON.stringify({ process: DEAD, member })
  await writeFile(setup.file('partner.member.i1'), text, { mode: 0o600 })
  expect(await store.members(ID)).toEqual([])
  await setup.clock.advance(5_000)
  expect(await (await setup.open()).goneUses(ID)).toEqual({ 1: foundAtMs, 2: foundAtMs, 7: 70 })
  expect(await readdir(setup.directory)).toEqual(['partner.gone'])
})

test('a restart under the same name does not unsay what the one before has used', async () => {
  const store = await setup.open()
  const member: Member = { instance: 'i1', held: [1], ackGeneration: 1, lastUse: {}, atMs: 1 }
  for (const [name, process] of Object.entries({ a: DEAD, b: ANOTHER_CONTAINER })) {
    const text = JSON.stringify({ process, member: { ...member, instance: name } })
    await writeFile(setup.file(`partner.member.${name}`), text, { mode: 0o600 })
    await setup.clock.advance(1_000)
    await store.publishMember(ID, { ...member, instance: name })
    expect(await store.goneUses(ID)).toEqual({ 1: setup.clock.now() })
  }
  const before = await store.goneUses(ID)
  await setup.clock.advance(1_000)
  await store.publishMember(ID, { ...member, instance: 'a' })
  expect(await store.goneUses(ID)).toEqual(before)
})

test('the lease of a dead process is free at once, that of an unseen one after its time', async () => {
  const store = await setup.open()
  const leaseOf = async (holder: ProcessIdentity, fence: number): Promise<void> => {
    const text = JSON.stringify({ holder: 'x', fence, ttlMs: 15_000, process: holder })
    await writeFile(setup.file('partner.lease'), text, { mode: 0o600 })
  }
  await leaseOf(DEAD, 7)
  expect((await store.acquireLease(ID, 'a', 15_000))?.fence).toBe(8)
  await leaseOf(ANOTHER_CONTAINER, 20)
  expect(await store.acquireLease(ID, 'b', 15_000)).toBeNull()
  await setup.clock.advance(15_000)
  expect(await store.acquireLease(ID, 'b', 15_000)).toBeNull()
  await setup.clock.advance(1)
  expect((await store.acquireLease(ID, 'b', 15_000))?.fence).toBe(21)
})

test('a damaged lease or member is an error that names the file', async () => {
  const store = await setup.open()
  for (const name of ['partner.lease', 'partner.member.i1', 'partner.gone']) {
    await writeFile(setup.file(name), '{"holder":', { mode: 0o600 })
  }
  await expect(store.acquireLease(ID, 'a', 1_000)).rejects.toThrow(setup.file('partner.lease'))
  await expect(store.members(ID)).rejects.toThrow(setup.file('partner.member.i1'))
  await expect(store.goneUses(ID)).rejects.toThrow(setup.file('partner.gone'))
  expect(await readFile(setup.file('partner.lease'), 'utf8')).toBe('{"holder":')
})

/** Fake time passes in steps, with real file operations in between. */
async function passing(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    await setup.clock.advance(100)
    await readdir(setup.directory)
  }
}

/** Fake time passes until the work is done, however slow the disk is. */
async function passingUntil<T>(work: Promise<T>): Promise<T> {
  let isDone = false
  void Promise.allSettled([work]).then(() => (isDone = true))
  while (!isDone) await passing(100)
  return work
}
