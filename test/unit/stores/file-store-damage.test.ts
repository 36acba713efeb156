import {
  chmod,
  copyFile,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { expect, test } from 'vitest'
import { ConfigError, StoreUnreadableError } from '../../../src/kernel/errors.ts'
import type { Store } from '../../../src/kernel/ports/store.ts'
import { idleRecord } from '../../contract/record.ts'
import { setUpFileStore } from './file-store-setup.ts'

const ID = 'partner'
const setup = setUpFileStore()

/** Opens a store with a record in version `version`, and closes it. */
async function written(version: number): Promise<void> {
  const store = await setup.open()
  let last: number | null = (await store.read(ID))?.version ?? null
  while ((last ?? 0) < version) last = await store.compareAndSwap(ID, last, idleRecord(ID))
  await store.close()
}

/** Neither a read nor a first write may pass over what is there; the error names the file. */
async function expectUnreadable(store: Store, file: string, message: string): Promise<void> {
  const before = await readFile(file).catch(() => null)
  const attempts = [store.read(ID), store.compareAndSwap(ID, null, idleRecord(ID))]
  for (const attempt of await Promise.allSettled(attempts)) {
    const error = attempt.status === 'rejected' ? (attempt.reason as Error) : null
    expect(error).toBeInstanceOf(StoreUnreadableError)
    expect(error?.message.startsWith(`${file} `)).toBe(true)
    expect(error?.message).toContain(message)
  }
  expect(await readFile(file).catch(() => null)).toEqual(before)
}

test('makes its directory 0700 and its files 0600, and leaves nothing else behind', async () => {
  const store = await setup.open()
  await store.compareAndSwap(ID, null, idleRecord(ID))
  await store.acquireLease(ID, 'a', 1_000)
  await store.publishMember(ID, {
    instance: 'i1',
    held: [1],
    ackGeneration: 1,
    lastUse: {},
    atMs: 1,
  })
  expect((await stat(setup.directory)).mode & 0o777).toBe(0o700)
  const names = (await readdir(setup.directory)).toSorted()
  expect(names).toEqual(['partner.lease', 'partner.mark', 'partner.member.i1', 'partner.record'])
  for (const name of names) expect((await stat(setup.file(name))).mode & 0o777).toBe(0o600)
})

test.each([
  ['open to all', () => chmod(setup.directory, 0o777), 'is open to group or world (mode 0777)'],
  ['open to the group', () => chmod(setup.directory, 0o750), 'is open to group or world'],
  ['a symbolic link', () => replaceByLink(setup.directory), 'is a symbolic link'],
])('refuses a directory that is %s', async (_name, spoil, message) => {
  await written(1)
  await spoil()
  const error = await setup.open().catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(ConfigError)
  const issue = (error as ConfigError).issues[0]
  expect(issue?.message).toContain(`${setup.directory} ${message}`)
  expect(issue?.path).toBe('store.directory')
})

test('refuses files that are open to others or links, and names each of them', async () => {
  await written(1)
  await chmod(setup.file('partner.record'), 0o644)
  await replaceByLink(setup.file('partner.mark'))
  const error = await setup.open().catch((reason: unknown) => reason)
  expect((error as ConfigError).issues.map(({ message }) => message).toSorted()).toEqual([
    `${setup.file('partner.mark')} is a symbolic link`,
    `${setup.file('partner.record')} is open to group or world (mode 0644)`,
  ])
})

test('a file that is opened to others, or replaced by a link, later on is not read', async () => {
  await written(1)
  const store = await setup.open()
  const file = setup.file('partner.record')
  await chmod(file, 0o640)
  await expectUnreadable(store, file, 'is open to group or world (mode 0640)')
  await chmod(file, 0o600)
  await replaceByLink(file)
  await expectUnreadable(store, file, 'is a symbolic link')
})

test.each(['partner.record', 'partner.mark'])(
  'a truncated or flipped %s is an error',
  async (name) => {
    await written(3)
    const file = setup.file(name)
    const good = await readFile(file)
    const store = await setup.open()
    for (const length of [0, 1, Math.floor(good.length / 2), good.length - 1]) {
      await writeFile(file, good.subarray(0, length))
      await expectUnreadable(store, file, 'damaged')
    }
    const flipped = Buffer.from(good)
    flipped.writeUInt8(flipped.readUInt8(good.length - 3) ^ 4, good.length - 3)
    await writeFile(file, flipped)
    await expectUnreadable(await setup.open(), file, 'damaged')
    await writeFile(file, good)
    expect((await store.read(ID))?.version).toBe(3)
  },
)

test('a wrong key is an error, not an empty start', async () => {
  await written(1)
  const store = await setup.open({ key: Buffer.alloc(32, 8) })
  await expectUnreadable(store, setup.file('partner.mark'), 'was written with another key')
  await rm(setup.file('partner.mark'))
  await expectUnreadable(store, setup.file('partner.record'), 'was written with another key')
})

test("another credential's record is not taken for this one's", async () => {
  await written(1)
  const store = await setup.open()
  await store.compareAndSwap('marketing', null, idleRecord('marketing'))
  await copyFile(setup.file('marketing.record'), setup.file('partner.record'))
  await expectUnreadable(store, setup.file('partner.record'), 'of the credential "marketing"')
})

test('an older backup of the record is found, after a restart too', async () => {
  await written(2)
  await copyFile(setup.file('partner.record'), setup.file('backup'))
  await written(4)
  await rename(setup.file('backup'), setup.file('partner.record'))
  const file = setup.file('partner.record')
  await expectUnreadable(await setup.open(), file, 'is an older backup, version 2 of 4')
})

test('an older record is accepted once its mark is deleted, and versions go on from there', async () => {
  await written(2)
  await copyFile(setup.file('partner.record'), setup.file('backup'))
  await written(4)
  await rename(setup.file('backup'), setup.file('partner.record'))
  await rm(setup.file('partner.mark'))
  const store = await setup.open()
  expect((await store.read(ID))?.version).toBe(2)
  expect(await store.compareAndSwap(ID, 2, idleRecord(ID))).toBe(3)
})

test('both files restored from one backup are found by a process that saw the newer ones', async () => {
  await written(2)
  for (const name of ['record', 'mark']) {
    await copyFile(setup.file(`partner.${name}`), setup.file(`backup-${name}`))
  }
  const store = await setup.open()
  await store.compareAndSwap(ID, 2, idleRecord(ID))
  for (const name of ['record', 'mark']) {
    await rename(setup.file(`backup-${name}`), setup.file(`partner.${name}`))
  }
  const file = setup.file('partner.record')
  await expectUnreadable(store, file, 'is an older backup, version 2 of 3')
})

test('a record that is gone while its mark is there is lost, not new', async () => {
  await written(2)
  const file = setup.file('partner.record')
  await rm(file)
  await expectUnreadable(await setup.open(), file, 'is gone, it had version 2')
})

test('a crash between the record and its mark is no rollback', async () => {
  await written(2)
  await copyFile(setup.file('partner.mark'), setup.file('older'))
  await written(3)
  await rename(setup.file('older'), setup.file('partner.mark'))
  const store = await setup.open()
  expect((await store.read(ID))?.version).toBe(3)
  expect(await store.compareAndSwap(ID, 3, idleRecord(ID))).toBe(4)
})

async function replaceByLink(path: string): Promise<void> {
  await rename(path, `${path}-elsewhere`)
  await symlink(`${path}-elsewhere`, path)
}
