import { expect, test } from 'vitest'
import type { Member } from '../../../src/kernel/ports/store.ts'
import { MEMBER_PUBLISH_MS } from '../../../src/kernel/limits.ts'
import { Membership } from '../../../src/proxy/membership.ts'
import { Rounds } from '../../../src/proxy/rounds.ts'
import { createRecordSource } from '../../../src/stores/record-source.ts'
import { viewOf } from '../../fakes/credential-view.ts'
import { Bench, ID } from '../rotation/bench.ts'

/** A replica beside a rotation; what it says of itself is kept, unless the store is away. */
async function registered() {
  const bench = new Bench()
  await bench.look()
  const { clock, log } = bench
  const said: Member[] = []
  let isAway = false
  const store = Object.assign(Object.create(bench.store) as typeof bench.store, {
    publishMember: async (_id: string, member: Member) => {
      if (isAway) throw new Error('away')
      said.push(member)
    },
    removeMember: () => Promise.resolve(),
  })
  const source = createRecordSource({ store: bench.store, credentialId: ID, publicValues: {} })
  const view = viewOf({ clock, log, source })
  const rounds = new Rounds(clock, MEMBER_PUBLISH_MS)
  const membership = new Membership({ clock, log, store, view, instance: 'a', rounds, number: 0 })
  await membership.register()
  await view.start()
  await clock.advance(MEMBER_PUBLISH_MS)
  said.length = 0
  const away = (is: boolean) => void (isAway = is)
  return { clock, said, view, membership, away }
}

test('a replica at rest says that it is there every 30 s, and nothing else', async () => {
  const { clock, said } = await registered()
  await clock.advance(90_000)
  expect(said).toHaveLength(3)
  const [first, ...others] = said.map(({ atMs }) => atMs)
  expect(others.map((atMs) => atMs - (first ?? 0))).toEqual([30_000, 60_000])
})

test('what it has used is said within a second, once', async () => {
  const { clock, said, view } = await registered()
  const candidate = view.snapshot?.candidates[0]
  if (candidate === undefined) throw new Error('nothing to use')
  const usedAtMs = clock.now()
  candidate.used(usedAtMs)
  await clock.advance(MEMBER_PUBLISH_MS)
  expect(said.map(({ lastUse }) => lastUse)).toEqual([{ [candidate.version.generation]: usedAtMs }])
  await clock.advance(10_000)
  expect(said).toHaveLength(1)
})

test('what the store did not take is said again', async () => {
  const { clock, said, view, away } = await registered()
  const candidate = view.snapshot?.candidates[0]
  if (candidate === undefined) throw new Error('nothing to use')
  away(true)
  candidate.used(clock.now())
  await clock.advance(5_000)
  away(false)
  await clock.advance(MEMBER_PUBLISH_MS)
  expect(said).toHaveLength(1)
})

test('who has left says nothing more, and leaves no timer', async () => {
  const { clock, said, view, membership } = await registered()
  await membership.deregister()
  expect(said).toEqual([])
  view.stop()
  await clock.advance(60_000)
  expect(said).toEqual([])
})
