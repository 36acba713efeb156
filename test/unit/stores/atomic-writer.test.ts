import { mkdir, readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { AtomicWriter } from '../../../src/stores/file/atomic-writer.ts'
import { setUpFileStore } from './file-store-setup.ts'

const setup = setUpFileStore()
const own = { pid: 1, start: '1', boot: 'b', namespace: 'n', hostname: 'h' }

test('what can not be put in its place leaves nothing behind', async () => {
  const writer = new AtomicWriter(own, 'aa')
  await mkdir(setup.file('a.member'), { recursive: true })
  await expect(writer.replace(setup.file('a.member'), 'x', 0)).rejects.toThrow('EISDIR')
  expect(await readdir(setup.directory)).toEqual(['a.member'])
})
