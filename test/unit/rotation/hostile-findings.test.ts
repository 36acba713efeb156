import { expect, test } from 'vitest'
import {
  type Observation,
  nothingSeen,
  sawList,
  sawProbe,
} from '../../../src/rotation/observation.ts'
import { plan } from '../../../src/rotation/plan.ts'
import { FAKE_TRAITS } from '../../fakes/fake-provider.ts'
import { Bench, POLICY } from './bench.ts'
import { NOW_MS, aRecord } from './records.ts'

// What `npm run sim -- --hostile` found: somebody else is at the account while something else goes wrong.

const traits = FAKE_TRAITS

test('a revoked version that nobody could ask about does not live on under somebody else’s id', () => {
  const revokedAtMs = NOW_MS - traits.propagationMaxMs
  const record = aRecord('retiring', { absentSinceMs: revokedAtMs })
  const listed = sawList(nothingSeen(revokedAtMs), ['c3', 'foreign'], ['c3'], revokedAtMs)
  const settled = sawList(listed, ['c3', 'foreign'], ['c3'], NOW_MS)
  const current = sawProbe(settled, 3, 'accepted', null, NOW_MS)
  const stepOf = (seen: Observation) => plan(record, seen, { policy: POLICY, traits }, NOW_MS)

  const unasked = sawProbe(current, 2, 'inconclusive', 60_000, NOW_MS)
  expect(stepOf(unasked)).toMatchObject({ kind: 'wait', reason: 'revoke-settling' })
  const before = sawProbe(current, 2, 'accepted', null, revokedAtMs + 1)
  expect(stepOf(sawProbe(before, 2, 'inconclusive', 60_000, NOW_MS))).toMatchObject({
    kind: 'wait',
    reason: 'revoke-settling',
  })
  expect(stepOf(sawProbe(current, 2, 'accepted', null, NOW_MS))).toMatchObject({
    kind: 'bind-previous',
    secretId: 'foreign',
  })
})

test('the old version is not revoked while the new one, still accepted, is no longer listed', async () => {
  const bench = new Bench({ drainMs: 60_000 })
  await bench.reach('staged')
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  const { current, previous } = bench.record
  // Somebody tidies up in the dashboard; the value is taken for half a minute more.
  await bench.run(50_000)
  bench.provider.revokeLagMs = 30_000
  bench.provider.foreignRevoke(current.secretId ?? '')
  await bench.run(29_000)
  expect(bench.provider.count('revoke')).toBe(0)
  expect(bench.record.phase).toBe('promoted')

  await bench.run(60_000)
  expect(bench.provider.accepts(previous?.value.expose() ?? '')).toBe(true)
  expect(bench.telemetry.results).toContain('demoted')
})

test('the same, where the intent to revoke is saved already', () => {
  const record = aRecord('retiring')
  const stepOf = (ids: readonly string[], atMs: number, nowMs: number) => {
    const listed = sawList(nothingSeen(atMs), ids, ['c3', 'p2'], atMs)
    const current = sawProbe(listed, 3, 'accepted', null, nowMs)
    const seen = sawProbe(current, 2, 'accepted', null, nowMs)
    return plan(record, seen, { policy: { ...POLICY, drainMs: 0 }, traits }, nowMs)
  }
  expect(stepOf(['c3', 'p2'], NOW_MS, NOW_MS)).toMatchObject({ kind: 'revoke' })
  expect(stepOf(['p2'], NOW_MS, NOW_MS)).toMatchObject({ kind: 'wait', reason: 'list-unsettled' })
  const laterMs = NOW_MS + 60_000
  expect(stepOf(['c3', 'p2'], NOW_MS, laterMs)).toMatchObject({ kind: 'list' })
  // Accepted for longer than a revoked value may live: its id is another one.
  const outlivedMs = NOW_MS + traits.propagationMaxMs + 1
  const first = sawList(nothingSeen(NOW_MS), ['p2'], ['c3', 'p2'], NOW_MS)
  const again = sawList(first, ['p2'], ['c3', 'p2'], outlivedMs)
  const current = sawProbe(again, 3, 'accepted', null, outlivedMs)
  const seen = sawProbe(current, 2, 'accepted', null, outlivedMs)
  const rules = { policy: { ...POLICY, drainMs: 0 }, traits }
  expect(plan(record, seen, rules, outlivedMs)).toMatchObject({ kind: 'revoke' })
})

test('one that leaked is revoked at once, whatever is listed', () => {
  const record = aRecord('retiring', {
    emergency: { compromised: ['previous'], sinceMs: NOW_MS },
  })
  const listed = sawList(nothingSeen(NOW_MS), ['p2'], ['c3', 'p2'], NOW_MS)
  const current = sawProbe(listed, 3, 'accepted', null, NOW_MS)
  const seen = sawProbe(current, 2, 'accepted', null, NOW_MS)
  expect(plan(record, seen, { policy: POLICY, traits }, NOW_MS)).toMatchObject({ kind: 'revoke' })
})

test('a closed calendar does not lift the block that tells of a second secret', async () => {
  const bench = new Bench({ standby: 'none', drainMs: 60_000 })
  const own = bench.provider.live()[0]?.secretId ?? ''
  bench.provider.foreignCreate('Foreign0Value0Somebody')
  await bench.rotator.ensureRecord()
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.run(60_000)
  expect(bench.record.blocked?.reason).toBe('attribution-ambiguous')

  bench.provider.revokeLagMs = 60_000
  bench.provider.foreignRevoke(own)
  const untilMs = bench.clock.now() + 10_000
  bench.policy = { ...bench.policy, blackouts: [{ fromMs: 0, untilMs }] }
  bench.start()
  for (let second = 0; second < 55; second++) {
    await bench.look()
    await bench.clock.advance(1_000)
  }
  expect(bench.record.current.secretId).toBeNull()
})

test('a retry behind a restart does not forget that there was a second secret', async () => {
  const bench = new Bench({ drainMs: 60_000 })
  const own = bench.provider.live()[0]?.secretId ?? ''
  const foreign = bench.provider.foreignCreate('Foreign0Value0Somebody')
  await bench.run(60_000)
  expect(bench.record.blocked?.reason).toBe('attribution-ambiguous')

  bench.provider.revokeLagMs = 30_000
  bench.provider.foreignRevoke(own)
  bench.start()
  await bench.clock.advance(16_000)
  await bench.rotator.command({ kind: 'retry' })
  await bench.run(60_000)
  // Refused where nothing works any more.
  await bench.rotator.command({ kind: 'rotate', emergency: false }).catch(() => null)
  await bench.run(10 * 60_000)
  expect(bench.provider.live().map((one) => one.secretId)).toContain(foreign)
})

test('a candidate that was accepted before an id was listed is asked about again', () => {
  const record = aRecord('prepared')
  const seenWith = (ids: readonly string[], acceptedAtMs: number) => {
    const empty = sawList(nothingSeen(NOW_MS), ['c3'], ['c3'], NOW_MS)
    const created = {
      ...empty,
      create: { generation: 4, outcome: 'unknown' as const, atMs: NOW_MS },
    }
    const current = sawProbe(created, 3, 'accepted', null, NOW_MS)
    const pending = sawProbe(current, 4, 'accepted', null, acceptedAtMs)
    return sawList(pending, ids, ['c3'], NOW_MS + 1_000)
  }
  const rules = { policy: POLICY, traits }
  const nowMs = NOW_MS + 1_500
  expect(plan(record, seenWith(['c3', 'x'], NOW_MS + 500), rules, nowMs)).toMatchObject({
    kind: 'probe',
    generation: 4,
  })
  expect(plan(record, seenWith(['c3', 'x'], NOW_MS + 1_200), rules, nowMs)).toMatchObject({
    kind: 'bind-pending',
    secretId: 'x',
  })
})
