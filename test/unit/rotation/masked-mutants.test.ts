import { expect, test } from 'vitest'
import { nothingSeen, sawList, sawProbe } from '../../../src/rotation/observation.ts'
import { plan } from '../../../src/rotation/plan.ts'
import { promoteVersion } from '../../../src/rotation/promote-version.ts'
import { reconcile } from '../../../src/rotation/reconcile.ts'
import { FAKE_TRAITS } from '../../fakes/fake-provider.ts'
import { Bench, HOUR_MS, POLICY } from './bench.ts'
import { NOW_MS, aRecord } from './records.ts'

// Bugs that no run of the simulation shows, because another defence hides them: each has its test here.

test('a probe without an answer is no refusal', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  const before = bench.record
  bench.provider.verify = async () => ({
    kind: 'inconclusive',
    service: 'account',
    retryAfterMs: null,
  })
  bench.rotator.suspect()
  await bench.run(HOUR_MS)
  expect(bench.record.phase).toBe('staged')
  expect(bench.record.blocked).toBeNull()
  expect(bench.record.pending?.generation).toBe(before.pending?.generation)
})

test('an id that was listed before the create was sent is not taken for the created one', () => {
  const base = aRecord('prepared')
  const pending = base.pending && { ...base.pending, idsBefore: ['c3', 'theirs'] }
  const record = { ...base, pending }
  const listed = sawList(nothingSeen(NOW_MS), ['c3', 'theirs'], ['c3'], NOW_MS)
  const belief = reconcile(record, sawProbe(listed, 4, 'accepted', null, NOW_MS))
  expect(belief.unknownIds).toEqual(['theirs'])
  expect(belief.newIds).toEqual([])
})

test('the one listed id is current’s only while current is proven to work right now', () => {
  const base = aRecord('idle')
  const record = { ...base, current: { ...base.current, secretId: null } }
  const stepAfter = (provenAgoMs: number) => {
    const listed = sawList(nothingSeen(NOW_MS - HOUR_MS), ['x'], [], NOW_MS)
    const seen = sawProbe(listed, 3, 'accepted', null, NOW_MS - provenAgoMs)
    return plan(record, seen, { policy: POLICY, traits: FAKE_TRAITS }, NOW_MS)
  }
  expect(stepAfter(1_000)).toMatchObject({ kind: 'bind-current', secretId: 'x' })
  // It may have been revoked since, and the one that is listed made by somebody else.
  expect(stepAfter(60_000)).toMatchObject({ kind: 'probe', generation: 3 })
})

test('a version whose create was sent twice is remembered when it is promoted', () => {
  const base = aRecord('staged')
  const moment = { seen: nothingSeen(NOW_MS), nowMs: NOW_MS, signal: new AbortController().signal }
  const gravesAfter = (attempts: number) => {
    const pending = base.pending && { ...base.pending, attempts }
    const record = { ...base, pending }
    return promoteVersion(new Bench().rotatorDeps(), { ...moment, record }).record.tombstones
  }
  expect(gravesAfter(1)).toEqual([])
  expect(gravesAfter(2)).toMatchObject([{ generation: 4, reason: 'late-create-possible' }])
})

test('a replica that joins while the intent to revoke is saved is waited for', async () => {
  const bench = new Bench({ drainMs: 60_000 })
  await bench.reach('staged')
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  const { current, previous } = bench.record
  bench.store.afterWrite = async ({ phase }) => {
    if (phase === 'retiring') await bench.member('late', [previous?.generation ?? 0])
  }
  await bench.reach('retiring')
  expect((await bench.run(10_000)).reason).toBe('ack-barrier')
  expect(bench.provider.count('revoke')).toBe(0)
  await bench.member('late', [current.generation])
  await bench.run(10_000)
  expect(bench.provider.count('revoke')).toBe(1)
})
