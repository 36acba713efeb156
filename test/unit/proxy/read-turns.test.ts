import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ReadShare, ReadTurns } from '../../../src/proxy/read-turns.ts'

const LARGE = 80 * 1024

/** Reads until the share is taken; how much that was. */
function readAll(share: ReadShare): number {
  let bytes = LARGE
  while (share.take(LARGE)) bytes += LARGE
  return bytes
}

test('whoever has taken its share goes on in its turn, one in each', async () => {
  const turns = new ReadTurns()
  const wentOn: number[] = []
  const shares = [1, 2, 3].map((name) => new ReadShare(turns, () => wentOn.push(name)))
  for (const share of shares) readAll(share)
  expect(wentOn).toEqual([])
  const seen = []
  for (let i = 0; i < 3; i++) {
    await turn()
    seen.push([...wentOn])
  }
  expect(seen).toEqual([[1], [1, 2], [1, 2, 3]])
})

test('who goes on and takes a share at once waits behind the others, still one in each turn', async () => {
  const turns = new ReadTurns()
  const wentOn: string[] = []
  const greedy: ReadShare = new ReadShare(turns, () => {
    wentOn.push('greedy')
    if (wentOn.length < 5) readAll(greedy)
  })
  readAll(greedy)
  readAll(new ReadShare(turns, () => wentOn.push('other')))
  await turn()
  await turn()
  await turn()
  expect(wentOn).toEqual(['greedy', 'other', 'greedy'])
})

test('small reads take nothing, and in a crowd shares are smaller', () => {
  const turns = new ReadTurns()
  const trickle = new ReadShare(turns, () => {})
  for (let i = 0; i < 10_000; i++) expect(trickle.take(1_000)).toBe(true)
  const alone = readAll(new ReadShare(turns, () => {}))
  for (let i = 0; i < 100; i++) readAll(new ReadShare(turns, () => {}))
  const inCrowd = readAll(new ReadShare(turns, () => {}))
  expect(inCrowd).toBeLessThan(alone)
})
