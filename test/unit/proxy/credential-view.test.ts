import { expect, test } from 'vitest'
import { viewOf } from '../../fakes/credential-view.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'

const old = liveVersion(1, 'old', 'previous')
const current = liveVersion(2, 'current')

/** A view of which requests have proven both versions, and chosen between them. */
async function settled() {
  const source = new FakeVersionSource('c', [current, old])
  const view = viewOf({ source })
  await view.start()
  for (const candidate of view.snapshot?.candidates ?? []) view.accepted(candidate)
  const order = async () =>
    (await view.candidates(true)).candidates.map(({ version }) => version.generation)
  expect([await order(), await order()]).toEqual([
    [2, 1],
    [2, 1],
  ])
  return { source, view, order }
}

test('a refusal counts at the next choice, however often all was well before', async () => {
  const { view, order } = await settled()
  view.health.refused(current, true)
  expect([await order(), await order()]).toEqual([
    [1, 2],
    [1, 2],
  ])
})

test('so does the acceptance that ends it', async () => {
  const { view, order } = await settled()
  const [first] = view.snapshot?.candidates ?? []
  view.health.refused(current, true)
  await order()
  if (first !== undefined) view.accepted(first)
  expect(await order()).toEqual([2, 1])
})

test('refusals in a row are broken by one acceptance, though it had been accepted before', async () => {
  const { view } = await settled()
  const [first] = view.snapshot?.candidates ?? []
  if (first === undefined) throw new Error('nothing to choose')
  for (let i = 0; i < 10; i++) {
    expect(view.health.refused(current, false)).toBe(false)
    expect(view.health.refused(current, false)).toBe(false)
    view.accepted(first)
  }
})

test('what the source says next is what the next request is given', async () => {
  const { view, source, order } = await settled()
  source.set([liveVersion(3, 'next'), { ...current, stage: 'previous' }])
  await view.refresh()
  expect(await order()).toEqual([3, 2])
  expect(await view.candidates(true)).toMatchObject({ trial: true })
  const [next] = view.snapshot?.candidates ?? []
  if (next !== undefined) view.accepted(next)
  expect(await order()).toEqual([3, 2])
  expect(await view.candidates(true)).toMatchObject({ trial: false })
})

test('a version that is new beside those that stay is among the next choices', async () => {
  const { view, source, order } = await settled()
  source.set([current, old, liveVersion(3, 'standby', 'pending')])
  await view.refresh()
  expect(await order()).toEqual([2, 1, 3])
})

test('who has waited for another one through a change leaves the next request what is live', async () => {
  const { view, source } = await settled()
  source.set([liveVersion(3, 'next'), { ...current, stage: 'previous' }])
  await view.refresh()
  view.health.retain([current, liveVersion(3, 'next')], [])
  const end = view.health.beginTrial()
  const waiting = view.candidates(true)
  source.set([liveVersion(4, 'last')])
  await view.refresh()
  end()
  await waiting
  const { candidates } = await view.candidates(true)
  expect(candidates.map(({ version }) => version.generation)).toEqual([4])
})
