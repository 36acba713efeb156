import { expect, test } from 'vitest'
import { type Batched, WriteBatch } from '../../../src/proxy/write-batch.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('one write that throws ends its own connection, and no other', async () => {
  const happened: string[] = []
  const batch = new WriteBatch((error) => happened.push(`failed: ${error.message}`))
  const entry = (name: string, fault: unknown = null): Batched => ({
    flush: () => {
      if (fault !== null) throw fault
      happened.push(name)
    },
    destroy: (error) => happened.push(`${name} ended: ${error.message}`),
  })
  batch.add(entry('first'))
  batch.add(entry('second', new Error('broken')))
  batch.add(entry('third', 'no error'))
  batch.add(entry('fourth'))
  await turn()
  expect(happened).toEqual([
    'first',
    'failed: broken',
    'second ended: broken',
    'failed: a write failed',
    'third ended: a write failed',
    'fourth',
  ])
})

test('what is added while others are written goes out in the next turn', async () => {
  const happened: string[] = []
  const batch = new WriteBatch(() => {})
  const late: Batched = { flush: () => happened.push('late'), destroy: () => {} }
  batch.add({
    flush: () => {
      batch.add(late)
      throw new Error('broken')
    },
    destroy: () => happened.push('ended'),
  })
  await turn()
  expect(happened).toEqual(['ended'])
  await turn()
  expect(happened).toEqual(['ended', 'late'])
})
