import { expect, test } from 'vitest'
import { Turns } from '../../../src/stores/turns.ts'

test('what concerns one key runs one after the other, even after a failure', async () => {
  const turns = new Turns()
  const begun: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = turns.take('a', async () => {
    begun.push('first')
    await gate.promise
    throw new Error('full')
  })
  const second = turns.take('a', async () => begun.push('second'))
  await turns.take('b', async () => begun.push('other'))
  expect(begun).toEqual(['first', 'other'])
  gate.resolve()
  await expect(first).rejects.toThrow('full')
  await second
  expect(begun).toEqual(['first', 'other', 'second'])
})

test('settles when all that was begun has ended, well or not', async () => {
  const turns = new Turns()
  const gate = Promise.withResolvers<void>()
  const failing = turns.take('a', () => gate.promise)
  const settled = turns.settled()
  gate.reject(new Error('full'))
  await settled
  await expect(failing).rejects.toThrow('full')
})
