import { expect, test } from 'vitest'
import { READS_AT_ONCE, settleAll } from '../../../src/config/at-once.ts'

const items = Array.from({ length: READS_AT_ONCE * 3 }, (_, index) => index)

test('does no more than so many at a time, and all of them', async () => {
  let running = 0
  let most = 0
  const results = await settleAll(items, async (item) => {
    most = Math.max(most, ++running)
    await Promise.resolve()
    running--
    return item
  })
  expect(most).toBe(READS_AT_ONCE)
  expect(results).toEqual(items.map((value) => ({ status: 'fulfilled', value })))
})

test('one that fails keeps no other', async () => {
  const results = await settleAll(items, (item) =>
    item === 5 ? Promise.reject(new Error('five')) : Promise.resolve(item),
  )
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  expect(results[5]).toMatchObject({ reason: new Error('five') })
  expect(results.at(-1)).toEqual({ status: 'fulfilled', value: items.at(-1) })
})
