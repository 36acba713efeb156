import { expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { BOOTSTRAP, DAY_MS, HOUR_MS } from './bench.ts'
import { neutralBench, recordedValues, untilRotated } from './neutral-bench.ts'

/** Two places and no list; a promotion ends the primary, so that requests must have moved before. */
const start = (policy = {}) => neutralBench('promote', policy)

test('the secondary is the standby; it is promoted at the provider only when requests have left the primary', async () => {
  const { bench, provider } = start()
  await bench.reach('staged')
  expect(recordedValues(bench)).toEqual([BOOTSTRAP, 'chosen-value-1'])
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  await bench.run(HOUR_MS - 60_000)
  expect(bench.record.phase).toBe('promoted')
  expect(recordedValues(bench)).toEqual(['chosen-value-1', BOOTSTRAP])
  expect(provider.accepts(BOOTSTRAP)).toBe(true)
  expect(provider.count('promote')).toBe(0)

  await bench.reach('staged')
  expect(provider.accepts(BOOTSTRAP)).toBe(false)
  const promotions = provider.calls.filter(({ operation }) => operation === 'promote')
  expect(promotions).toMatchObject([{ auth: 'chosen-value-1', answer: 'promoted' }])
  expect(recordedValues(bench)).toEqual(['chosen-value-1', 'chosen-value-2'])
})

test('a replica that still uses the primary holds the promotion up', async () => {
  const { bench, provider } = start()
  await bench.run(60_000)
  await bench.member('replica', [2, 1])
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  for (let minute = 0; minute < 90; minute++) {
    await bench.member('replica', [2, 1], { 1: bench.clock.now() })
    await bench.run(60_000)
  }
  expect(bench.record.phase).toBe('promoted')
  expect(provider.count('promote')).toBe(0)
})

test('nothing is ever listed', async () => {
  const { bench, provider } = start({ everyMs: DAY_MS })
  await bench.run(5 * DAY_MS)
  expect(bench.telemetry.results.filter((one) => one === 'succeeded').length).toBeGreaterThan(3)
  expect(provider.count('list')).toBe(0)
})

test('a promotion whose answer is lost has happened: the probes tell, and it ends nothing twice', async () => {
  const { bench, provider } = start()
  await bench.reach('staged')
  provider.loseNextAnswer('promote')
  await untilRotated(bench)
  expect(provider.accepts(BOOTSTRAP)).toBe(false)
  expect(provider.live().map(({ value }) => value)).toEqual(recordedValues(bench))
})

test('a promotion whose answer is lost is not sent again: it would promote what somebody else has made since', async () => {
  const { bench, provider } = start()
  provider.lenient = true
  await bench.reach('staged')
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  provider.loseNextAnswer('promote')
  await bench.run(2 * HOUR_MS, () => provider.count('promote') === 1)
  const foreign = provider.foreignCreate()
  provider.unsureOf = BOOTSTRAP
  await bench.run(HOUR_MS)
  provider.unsureOf = null
  await bench.run(HOUR_MS)
  expect(provider.count('promote')).toBe(1)
  expect(provider.accepts('chosen-value-1')).toBe(true)
  expect(provider.accepts(foreign)).toBe(true)
})

test('a promotion is authenticated by what is promoted, even where a primary account manages', async () => {
  const { bench, provider } = start()
  const manager = { account: provider.account, secret: new SecretValue(BOOTSTRAP) }
  bench.deps = { ...bench.deps, managedBy: async () => [manager] }
  bench.start()
  await bench.reach('staged')
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.run(2 * HOUR_MS, () => provider.count('promote') > 0)
  const promotions = provider.calls.filter(({ operation }) => operation === 'promote')
  expect(promotions).toMatchObject([{ auth: 'chosen-value-1', answer: 'promoted' }])
})

test('a promotion whose request is lost is sent again', async () => {
  const { bench, provider } = start()
  await bench.reach('staged')
  provider.loseNextRequest('promote')
  await untilRotated(bench)
  expect(provider.count('promote')).toBe(2)
  expect(provider.accepts(BOOTSTRAP)).toBe(false)
})

test.each(['promote-at-provider:before', 'promote-at-provider:after', 'save:retiring:after'])(
  'a process that dies at %s goes on with the same rotation',
  async (point) => {
    const { bench, provider } = start()
    await bench.reach('staged')
    bench.armCrash(point)
    await untilRotated(bench)
    expect(bench.armed).toBe(false)
    expect(provider.accepts(BOOTSTRAP)).toBe(false)
    expect(provider.live().map(({ value }) => value)).toEqual(recordedValues(bench))
  },
)

test('a lost create answer is found by the full place: the orphan is deleted, and one is made anew', async () => {
  const { bench, provider } = start()
  await untilRotated(bench)
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  provider.loseNextAnswer('create')
  await bench.reach('staged', 2 * HOUR_MS)
  expect(bench.record.blocked).toBeNull()
  expect(provider.live().map(({ value }) => value)).toEqual(recordedValues(bench))
  const revokes = provider.calls.filter(({ operation }) => operation === 'revoke')
  expect(revokes).toMatchObject([{ subject: 'second-place', answer: 'revoked' }])
  expect(provider.accepts(bench.record.current.value.expose())).toBe(true)
})

test('while it is not proven that current is the primary, nothing is deleted: it could be current itself', async () => {
  const { bench, provider } = start()
  provider.loseNextAnswer('create')
  await bench.run(2 * HOUR_MS)
  expect(bench.record.blocked?.reason).toBe('slot-full-foreign')
  expect(provider.count('revoke')).toBe(0)
  expect(provider.accepts(BOOTSTRAP)).toBe(true)
})

test('a place that somebody else has filled is left alone; when it is free again, retry goes on', async () => {
  const { bench, provider } = start()
  const foreign = provider.foreignCreate()
  await bench.run(2 * HOUR_MS)
  expect(bench.record.blocked?.reason).toBe('slot-full-foreign')
  expect(provider.count('revoke')).toBe(0)
  provider.foreignEnd(foreign)
  await bench.rotator.command({ kind: 'retry' })
  await bench.reach('staged', 2 * HOUR_MS)
  expect(provider.foreignEnded).toEqual([])
})

test('the first create that is refused has made nothing: what is in the place stays', async () => {
  const { bench, provider } = start()
  await untilRotated(bench)
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  provider.beforeNextCreate = () => provider.foreignCreate()
  await bench.run(2 * HOUR_MS)
  expect(bench.record.blocked?.reason).toBe('slot-full-foreign')
  expect(provider.foreignEnded).toEqual([])
})

test('a create that is answered proves that current is the primary: a later orphan may be deleted', async () => {
  const { bench, provider } = start()
  await bench.reach('staged')
  provider.loseNextAnswer('create')
  await bench.rotator.command({ kind: 'abort' })
  await bench.reach('idle', HOUR_MS)
  await bench.reach('staged', HOUR_MS)
  expect(bench.record.blocked).toBeNull()
  expect(recordedValues(bench)).toEqual([BOOTSTRAP, 'chosen-value-3'])
})

test('a create that was never sent again in time does not delete what is in the place', async () => {
  const { bench, provider } = start()
  await untilRotated(bench)
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  bench.armCrash('create:before')
  while (bench.armed) await bench.run(60_000, () => !bench.armed)
  await bench.clock.advance(HOUR_MS)
  provider.foreignCreate()
  await bench.run(HOUR_MS)
  expect(bench.record.blocked?.reason).toBe('slot-full-foreign')
  expect(provider.foreignEnded).toEqual([])
})

test('somebody promotes the standby: requests move at once, and nothing is promoted a second time', async () => {
  const { bench, provider } = start()
  await bench.reach('staged')
  provider.foreignPromote()
  bench.rotator.suspect()
  await bench.run(2 * HOUR_MS)
  expect(bench.record.current.value.expose()).toBe('chosen-value-1')
  expect(bench.record.previous).toBeNull()
  expect(provider.count('promote')).toBe(0)
  expect(provider.live().map(({ value }) => value)).toEqual(recordedValues(bench))
})

test('somebody deletes the promoted secondary: the primary takes over again', async () => {
  const { bench, provider } = start()
  await bench.reach('staged')
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  provider.foreignEnd('chosen-value-1')
  bench.rotator.suspect()
  await bench.run(HOUR_MS, () => bench.record.current.value.expose() === BOOTSTRAP)
  expect(provider.accepts(BOOTSTRAP)).toBe(true)
  // The rotation that was asked for is made with the next standby.
  await bench.run(3 * HOUR_MS)
  expect(recordedValues(bench)).toEqual(['chosen-value-2', 'chosen-value-3'])
  expect(bench.record.blocked).toBeNull()
})

test('an abandoned standby is deleted by its place, never the primary', async () => {
  const { bench, provider } = start()
  await bench.reach('staged')
  await bench.rotator.command({ kind: 'abort' })
  await bench.reach('staged', HOUR_MS)
  const revokes = provider.calls.filter(({ operation }) => operation === 'revoke')
  expect(revokes).toMatchObject([{ auth: BOOTSTRAP, subject: 'second-place', answer: 'revoked' }])
  expect(provider.accepts(BOOTSTRAP)).toBe(true)
})

test('twenty rotations with an answer lost in each lose nothing', async () => {
  const { bench, provider } = start()
  await untilRotated(bench)
  for (let round = 0; round < 20; round++) {
    provider.loseNextAnswer(round % 2 === 0 ? 'create' : 'promote')
    await untilRotated(bench)
  }
  expect(bench.record.blocked).toBeNull()
  expect(bench.telemetry.results.filter((one) => one === 'succeeded')).toHaveLength(21)
  expect(
    provider
      .live()
      .map(({ value }) => value)
      .toSorted(),
  ).toEqual([...recordedValues(bench)].toSorted())
  expect(provider.liveMax).toBe(2)
})
