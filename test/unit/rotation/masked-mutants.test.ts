import { expect, test } from 'vitest'
import { nothingSeen, sawList, sawProbe } from '../../../src/rotation/observation.ts'
import { reconcile } from '../../../src/rotation/reconcile.ts'
import { Bench, HOUR_MS } from './bench.ts'
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
