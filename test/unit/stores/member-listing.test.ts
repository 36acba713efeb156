import { expect, test } from 'vitest'
import { MemberListing } from '../../../src/stores/file/member-listing.ts'
import { FakeClock } from '../../fakes/clock.ts'

/** A directory whose listing ends when the test says so, and how often it was listed. */
function slowDirectory(names: string[]) {
  const ends: (() => void)[] = []
  const list = async () => {
    const seen = [...names]
    await new Promise<void>((resolve) => void ends.push(resolve))
    return seen
  }
  return { list, ends }
}

test('finds the members of one credential, in order, and no other names', async () => {
  const names = ['b.member.2', 'a.member.1', 'b.member.1', 'b.record', 'b.member.3.1-2-a-0.tmp']
  const listing = new MemberListing(() => Promise.resolve(names), new FakeClock())
  expect(await listing.names('b.member.')).toEqual(['b.member.1', 'b.member.2'])
  expect(await listing.names('c.member.')).toEqual([])
})

test('whoever asks while it is being listed gets the next listing, which they share', async () => {
  const clock = new FakeClock()
  const names = ['a.member.1']
  const { list, ends } = slowDirectory(names)
  const listing = new MemberListing(list, clock)
  const first = listing.names('a.member.')
  await clock.advance(0)
  names.push('a.member.2')
  const later = Promise.all([listing.names('a.member.'), listing.names('b.member.')])
  names.push('b.member.1')
  ends[0]?.()
  expect(await first).toEqual(['a.member.1'])
  await clock.advance(0)
  ends[1]?.()
  expect(await later).toEqual([['a.member.1', 'a.member.2'], ['b.member.1']])
  expect(ends).toHaveLength(2)
})

test.each([
  [10, 100],
  [30, 200],
  [5_000, 200],
])(
  'rests after a listing ten times as long as it took, but briefly (%i ms)',
  async (tookMs, restMs) => {
    const clock = new FakeClock()
    const { list, ends } = slowDirectory([])
    const listing = new MemberListing(list, clock)
    const first = listing.names('a.member.')
    await clock.advance(tookMs)
    ends[0]?.()
    await first
    void listing.names('a.member.')
    await clock.advance(restMs - 1)
    expect(ends).toHaveLength(1)
    await clock.advance(1)
    expect(ends).toHaveLength(2)
  },
)

test('goes on after a directory that could not be listed', async () => {
  let fails = true
  const list = () => (fails ? Promise.reject(new Error('EIO')) : Promise.resolve(['a.member.1']))
  const listing = new MemberListing(list, new FakeClock())
  await expect(listing.names('a.member.')).rejects.toThrow('EIO')
  fails = false
  expect(await listing.names('a.member.')).toEqual(['a.member.1'])
})
