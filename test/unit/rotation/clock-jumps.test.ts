import { expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { nothingSeen, sawList, sawProbe } from '../../../src/rotation/observation.ts'
import { plan } from '../../../src/rotation/plan.ts'
import { NOBODY } from '../../../src/rotation/roster.ts'
import { SteadyTime, seenAcross } from '../../../src/rotation/steady-time.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { FAKE_TRAITS } from '../../fakes/fake-provider.ts'
import { Bench, HOUR_MS, POLICY } from './bench.ts'
import { NOW_MS, aRecord } from './records.ts'
import { type SettableClock, settable } from './settable-clock.ts'

const traits = FAKE_TRAITS

// The wall clock is set, or goes on while the machine sleeps and the monotonic one stands still.

/** A bench whose credential rests with a standby, and whose process reads a clock that can be set. */
async function resting(policy: ConstructorParameters<typeof Bench>[0] = {}) {
  const bench = new Bench(policy)
  const settableClock = settable(bench.clock)
  bench.deps = { clock: settableClock.clock }
  bench.start()
  await bench.reach('staged')
  return { bench, ...settableClock }
}

/** The same, one rotation further: the new version serves, and the old one waits for an operator's word. */
async function promoted(): Promise<SettableClock & { readonly bench: Bench }> {
  const rested = await resting({ drainMs: 60_000, revokeBootstrap: 'confirm' })
  await rested.bench.rotator.command({ kind: 'rotate', emergency: false })
  await rested.bench.reach('promoted')
  await rested.bench.run(120_000)
  return rested
}

async function lookEverySecond(bench: Bench, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await bench.look()
    await bench.clock.advance(1_000)
  }
}

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

test('a clock that is set ahead does not make an absence older than it is', async () => {
  const { bench, setAhead } = await resting()
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

test('nor does it where it is set while a list is under way, and a request sees a refusal meanwhile', async () => {
  const { bench, setAhead } = await resting()
  const own = bench.record.current.secretId
  await bench.clock.advance(HOUR_MS)
  bench.provider.revokeLagMs = 30_000
  bench.provider.foreignRevoke(own ?? '')
  bench.provider.foreignCreate('Foreign0Value0Somebody')
  const list = bench.provider.list.bind(bench.provider)
  bench.provider.list = async (auth) => {
    const answer = await list(auth)
    bench.provider.list = list
    await bench.clock.advance(300)
    setAhead(HOUR_MS)
    bench.rotator.suspect()
    return answer
  }
  bench.rotator.suspect()
  await lookEverySecond(bench, 25)
  expect(bench.record.current.secretId).toBe(own)
})

test('a revoked value is not taken for alive by an instant from before the machine slept', async () => {
  const { bench, setAhead } = await promoted()
  const secretId = bench.record.previous?.secretId ?? ''
  bench.provider.failNext('revoke', { kind: 'unavailable' })
  await bench.rotator.command({ kind: 'revoke', secretId })
  while (bench.provider.count('revoke') === 0) await lookEverySecond(bench, 1)
  setAhead(8 * HOUR_MS)
  bench.provider.revokeLagMs = 50_000
  while (bench.record.absentSinceMs === null) await lookEverySecond(bench, 1)
  const foreign = bench.provider.foreignCreate('Foreign0Value0Somebody')
  bench.start()
  await bench.clock.advance(15_001)
  await lookEverySecond(bench, 60)
  expect(bench.provider.live().map((one) => one.secretId)).toContain(foreign)
})

test('a blackout counts by the wall clock also where the machine slept since the promotion', async () => {
  const { bench, clock, setAhead } = await promoted()
  setAhead(8 * HOUR_MS)
  await bench.clock.advance(1_000)
  const nowMs = clock.now()
  const blackouts = [{ fromMs: nowMs - HOUR_MS, untilMs: nowMs + HOUR_MS }]
  Object.assign(bench.policy, { blackouts })
  const secretId = bench.record.previous?.secretId ?? ''
  await bench.rotator.command({ kind: 'revoke', secretId })
  await lookEverySecond(bench, 50)
  expect(bench.provider.count('revoke')).toBe(0)
})

test('a pause that a process with a clock ahead has saved does not last by as much for the next one', async () => {
  const { bench, setAhead } = await promoted()
  setAhead(HOUR_MS)
  await bench.rotator.command({
    kind: 'revoke',
    secretId: bench.record.previous?.secretId ?? '',
  })
  bench.provider.throttleNext('revoke', 5_000)
  while (bench.record.notBeforeMs === null) await lookEverySecond(bench, 1)
  bench.deps = {}
  bench.start()
  await bench.run(60_000)
  expect(bench.provider.count('revoke')).toBe(2)
})

test('that a create was not sent yet is known behind a jump, and no other outcome of one', () => {
  const seenOf = (outcome: 'unsent' | 'unknown') => ({
    ...nothingSeen(0),
    create: { generation: 2, outcome, atMs: 1 },
  })
  const behind = (outcome: 'unsent' | 'unknown') =>
    seenAcross('ahead', seenOf(outcome), NOBODY, HOUR_MS).create?.outcome
  expect(behind('unsent')).toBe('unsent')
  expect(behind('unknown')).toBeUndefined()
})

test('a pause that the provider asked for holds where the wall clock is set in it', async () => {
  const { bench, setAhead } = await promoted()
  bench.provider.throttleNext('revoke', HOUR_MS)
  await bench.rotator.command({
    kind: 'revoke',
    secretId: bench.record.previous?.secretId ?? '',
  })
  while (bench.record.notBeforeMs === null) await lookEverySecond(bench, 1)
  setAhead(15_000)
  const written = bench.store.written.length
  await lookEverySecond(bench, 60)
  bench.start()
  await lookEverySecond(bench, 60)
  expect(bench.store.written.length - written).toBeLessThanOrEqual(2)
  expect(bench.provider.count('revoke')).toBe(1)
})

test('that an id has vanished is known behind a jump, as if it had just vanished', () => {
  const both = sawList(nothingSeen(0), ['one', 'other'], [], 0)
  const left = sawList(both, ['other'], [], 1_000)
  const { presence } = seenAcross('ahead', left, NOBODY, HOUR_MS)
  expect([...presence]).toEqual([['one', { listed: false, sinceMs: HOUR_MS }]])
})

test('a tombstone that another clock has put ahead is moved back, or asked about at its instant', () => {
  const graveAt = (atMs: number) => ({
    generation: 1,
    value: new SecretValue('Buried0Value0of0g1'),
    secretId: null,
    fingerprint: 'fp-1',
    reason: 'never-created',
    atMs,
  })
  const listed = sawList(nothingSeen(NOW_MS), ['c3', 'late'], ['c3'], NOW_MS)
  const current = sawProbe(listed, 3, 'accepted', null, NOW_MS + 1)
  const seen = sawProbe(current, 1, 'accepted', null, NOW_MS + 1)
  const rules = { policy: POLICY, traits }
  const stepWith = (graveAtMs: number, atMs: number) =>
    plan(aRecord('idle', { tombstones: [graveAt(graveAtMs)] }), seen, rules, atMs)
  expect(stepWith(NOW_MS + HOUR_MS, NOW_MS + 2)).toMatchObject({ kind: 'restamp' })
  const aheadMs = NOW_MS + 5_000
  expect(stepWith(aheadMs, NOW_MS + 2)).not.toMatchObject({ kind: 'probe' })
  expect(stepWith(aheadMs, aheadMs)).toMatchObject({ kind: 'probe', generation: 1 })
})
