import { mkdir, rm, stat } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Member } from '../../../src/kernel/ports/store.ts'
import { setUpFileStore } from './file-store-setup.ts'

const ID = 'partner'
const MEMBER: Member = {
  instance: 'i1',
  held: [1],
  ackGeneration: 1,
  lastUse: { 1: 70 },
  atMs: 100,
}

const setup = setUpFileStore()

const inode = async () => (await stat(setup.file('partner.member.i1'))).ino

test('a replica with nothing new to say touches its file, and is heard', async () => {
  const store = await setup.open()
  await store.publishMember(ID, MEMBER)
  const before = await inode()
  await store.publishMember(ID, { ...MEMBER, atMs: 1_700_000_000_457 })
  expect(await inode()).toBe(before)
  const other = await setup.open()
  expect(await other.members(ID)).toEqual([{ ...MEMBER, atMs: 1_700_000_000_457 }])
})

test('a replica with something new to say replaces its file', async () => {
  const store = await setup.open()
  await store.publishMember(ID, MEMBER)
  const next = { ...MEMBER, held: [1, 2], lastUse: { 1: 90 }, atMs: 200 }
  await store.publishMember(ID, next)
  expect(await store.members(ID)).toEqual([next])
})

test('a file that somebody has removed is written anew', async () => {
  const store = await setup.open()
  await store.publishMember(ID, MEMBER)
  await rm(setup.file('partner.member.i1'))
  await store.publishMember(ID, { ...MEMBER, atMs: 200 })
  expect(await store.members(ID)).toEqual([{ ...MEMBER, atMs: 200 }])
})

test('what could not be written is not taken as said', async () => {
  const store = await setup.open()
  await store.publishMember(ID, MEMBER)
  const next = { ...MEMBER, held: [1, 2], ackGeneration: 2, atMs: 200 }
  const path = setup.file('partner.member.i1')
  await rm(path)
  await mkdir(path)
  await expect(store.publishMember(ID, next)).rejects.toThrow()
  await rm(path, { recursive: true })
  await store.publishMember(ID, next)
  expect(await store.members(ID)).toEqual([next])
})

test('who leaves while it speaks does not come back', async () => {
  const store = await setup.open()
  const said = store.publishMember(ID, MEMBER)
  const left = store.removeMember(ID, MEMBER.instance)
  await Promise.all([said, left])
  expect(await store.members(ID)).toEqual([])
  expect(await store.goneUses(ID)).toEqual({ 1: 70 })
})
