import { expect, test } from 'vitest'
import type { LiveVersion } from '../../../src/kernel/credential.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { viewOf } from '../../fakes/credential-view.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'

const current = liveVersion(1, 'old')
const standby = liveVersion(2, 'new', 'pending')
const rolled = (share: number): LiveVersion => ({ ...standby, share })

async function view(...versions: readonly LiveVersion[]) {
  const clock = new FakeClock()
  const source = new FakeVersionSource('c', versions)
  const credential = viewOf({ clock, source })
  await credential.start()
  for (const { version } of credential.snapshot?.candidates ?? []) {
    credential.health.accepted(version)
  }
  const first = async (replayable = true) => {
    const { candidates } = await credential.candidates(replayable)
    return candidates[0]?.version.generation
  }
  const firsts = async (count: number, replayable = true) => {
    const found = []
    for (let n = 0; n < count; n++) found.push(await first(replayable))
    return found
  }
  return { clock, source, credential, first, firsts }
}

test.each([0.1, 0.25, 0.5])('a share of %d is kept exactly, spread evenly', async (share) => {
  const { firsts } = await view(current, rolled(share))
  const found = await firsts(1_000)
  expect(found.filter((generation) => generation === 2)).toHaveLength(1_000 * share)
  expect(found.slice(0, 20).filter((generation) => generation === 2)).toHaveLength(20 * share)
})

test('a standby without a share serves no request first', async () => {
  const { firsts, credential } = await view(current, standby)
  expect(new Set(await firsts(100))).toEqual(new Set([1]))
  expect(credential.rolloutReport).toBeNull()
})

test('a request that can not be sent again takes no part', async () => {
  const { firsts } = await view(current, rolled(0.5))
  expect(new Set(await firsts(100, false))).toEqual(new Set([1]))
})

test('what starts with the new version falls back to the current one', async () => {
  const { credential } = await view(current, rolled(0.5))
  await credential.candidates(true)
  const { candidates } = await credential.candidates(true)
  expect(candidates.map(({ version }) => version.generation)).toEqual([2, 1])
})

test('a refused version gets no share while it cools down', async () => {
  const { firsts, credential } = await view(current, rolled(0.5))
  credential.health.refused(standby, true)
  expect(new Set(await firsts(20))).toEqual(new Set([1]))
})

test('nobody waits for the first request with the new version', async () => {
  const { credential, firsts } = await view(current, rolled(0.5))
  credential.health.refused(standby, true)
  credential.health.retain([standby], [])
  const end = credential.health.beginTrial()
  expect(await firsts(4)).toEqual([1, 1, 1, 1])
  end()
})

test('current stays what this replica acknowledges', async () => {
  const { credential } = await view(current, rolled(0.5))
  expect(credential.firstChoice()).toBe(1)
})

test('what the upstream says of the new version is counted, of the others it is not', async () => {
  const { credential, clock } = await view(current, rolled(0.5))
  credential.rollout?.accepted(standby)
  credential.rollout?.refused(standby)
  credential.rollout?.accepted(current)
  await clock.advance(1_500)
  expect(credential.rolloutReport).toEqual({
    generation: 2,
    forMs: 1_500,
    requests: 2,
    refusals: 1,
  })
})

test('a read of the same versions goes on counting, another share begins anew', async () => {
  const { credential, source } = await view(current, rolled(0.5))
  credential.rollout?.accepted(standby)
  source.set([current, rolled(0.5)])
  await credential.refresh()
  expect(credential.rolloutReport?.requests).toBe(1)
  source.set([current, rolled(0.2)])
  await credential.refresh()
  expect(credential.rolloutReport?.requests).toBe(0)
  source.set([
    { ...standby, stage: 'current' },
    { ...current, stage: 'previous' },
  ])
  await credential.refresh()
  expect(credential.rolloutReport).toBeNull()
})
