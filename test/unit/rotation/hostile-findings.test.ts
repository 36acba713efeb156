import { expect, test } from 'vitest'
import type { Clock } from '../../../src/kernel/ports/clock.ts'
import {
  type Observation,
  nothingSeen,
  sawList,
  sawProbe,
} from '../../../src/rotation/observation.ts'
import { plan } from '../../../src/rotation/plan.ts'
import { SteadyTime } from '../../../src/rotation/steady-time.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { FakeProvider } from '../../fakes/fake-provider.ts'
import { Bench, HOUR_MS, POLICY } from './bench.ts'
import { NOW_MS, aRecord } from './records.ts'

// What `npm run sim -- --hostile` found: somebody else is at the account while something else goes wrong.

const { traits } = new FakeProvider(new FakeClock(), 'Bootstrap0Secret')

/** A wall clock that can be set while the monotonic one runs on. */
function settable(clock: FakeClock): { clock: Clock; setAhead: (byMs: number) => void } {
  let aheadMs = 0
  const wall: Clock = {
    now: () => clock.now() + aheadMs,
    monotonic: () => clock.monotonic(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
    sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
  }
  return { clock: wall, setAhead: (byMs) => (aheadMs += byMs) }
}

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

test('a clock that is set ahead does not make an absence older than it is', async () => {
  const bench = new Bench()
  const { clock, setAhead } = settable(bench.clock)
  bench.deps = { clock }
  bench.start()
  await bench.reach('staged')
  const first = bench.record.current
  await bench.clock.advance(HOUR_MS)
  bench.provider.revokeLagMs = 2_000
  bench.provider.foreignRevoke(first.secretId ?? '')
  bench.rotator.suspect()
  await bench.look()
  expect(bench.provider.calls.at(-1)).toMatchObject({ operation: 'list' })

  setAhead(HOUR_MS)
  await bench.clock.advance(2_001)
  bench.rotator.suspect()
  const isKept = () => {
    const { current, previous } = bench.record
    return [current, previous].some((one) => one?.generation === first.generation)
  }
  for (let second = 0; second < 10; second++) {
    await bench.look()
    await bench.clock.advance(1_000)
    expect(isKept()).toBe(true)
  }
  for (let second = 0; second < 120 && isKept(); second++) {
    await bench.look()
    await bench.clock.advance(1_000)
  }
  expect(isKept()).toBe(false)
})

test.each([
  ['goes on', 0, null],
  ['is set ahead a little', 900, null],
  ['is set ahead', 1_001, 'ahead'],
  ['is set back a little', -9_000, null],
  ['is set back', -70_001, 'back'],
] as const)('the time of a decision tells that the wall clock %s', async (_what, byMs, jump) => {
  const ticking = new FakeClock()
  const { clock, setAhead } = settable(ticking)
  const time = new SteadyTime(clock)
  expect(time.decide('idle').jump).toBeNull()
  await ticking.advance(60_000)
  setAhead(byMs)
  expect(time.decide('idle')).toEqual({ nowMs: clock.now(), jump })
  expect(time.decide('idle').jump).toBeNull()
})

test('what the wall clock was set ahead by during a rotation is told when it rests again', async () => {
  const ticking = new FakeClock()
  const { clock, setAhead } = settable(ticking)
  const time = new SteadyTime(clock)
  const { nowMs } = time.decide('promoted')
  setAhead(HOUR_MS)
  await ticking.advance(1_000)
  expect(time.decide('promoted')).toEqual({ nowMs: nowMs + 1_000, jump: null })
  expect(time.decide('idle').jump).toBe('ahead')
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

test('what a clock that was set ahead during a rotation holds back is not held back by as much', async () => {
  const bench = new Bench({ drainMs: 60_000 })
  const { clock, setAhead } = settable(bench.clock)
  bench.deps = { clock }
  bench.start()
  await bench.reach('staged')
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  setAhead(HOUR_MS)
  bench.provider.throttleNext('revoke', 5_000)
  while (bench.record.notBeforeMs === null) {
    await bench.look()
    await bench.clock.advance(1_000)
  }
  expect(bench.record.notBeforeMs - bench.clock.now()).toBeLessThan(10_000)
})
