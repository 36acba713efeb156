import { expect, test } from 'vitest'
import { BOOTSTRAP, DAY_MS, HOUR_MS } from './bench.ts'
import { neutralBench, recordedValues, untilRotated } from './neutral-bench.ts'

/** Lists, and chooses the values itself: a lost answer leaves a secret that nobody can use. */
const start = (policy = {}) => neutralBench('list', policy)

test('the provider’s own value becomes the standby, then current; the old secret is revoked', async () => {
  const { bench, provider } = start()
  await untilRotated(bench)
  expect(provider.accepts(BOOTSTRAP)).toBe(false)
  expect(recordedValues(bench)).toEqual(['chosen-value-1', 'chosen-value-2'])
  expect(provider.live().map(({ value }) => value)).toEqual(recordedValues(bench))
  expect(provider.liveMax).toBe(2)
})

test('no request is offered a value before it is known', async () => {
  const { bench, provider } = start()
  provider.loseNextAnswer('create')
  await bench.reach('staged')
  const unknown = bench.store.written.filter(({ pending }) => pending?.value.length === 0)
  expect(unknown.map(({ phase }) => phase)).toContain('prepared')
  expect(unknown.every(({ phase }) => phase === 'prepared' || phase === 'aborting')).toBe(true)
})

test('a lost create answer leaves an orphan: it is found by its new id, revoked, and made anew', async () => {
  const { bench, provider } = start()
  provider.loseNextAnswer('create')
  await bench.reach('staged', HOUR_MS)
  expect(recordedValues(bench)).toEqual([BOOTSTRAP, 'chosen-value-2'])
  expect(provider.live().map(({ value }) => value)).toEqual([BOOTSTRAP, 'chosen-value-2'])
  expect(provider.liveMax).toBe(2)
})

test('a process that dies between the answer and its save leaves the same orphan', async () => {
  const { bench, provider } = start()
  bench.armCrash('create:after')
  await bench.reach('staged', HOUR_MS)
  expect(bench.armed).toBe(false)
  expect(provider.live().map(({ value }) => value)).toEqual([BOOTSTRAP, 'chosen-value-2'])
})

test('a create whose request was lost is sent again, and nothing is revoked', async () => {
  const { bench, provider } = start()
  provider.loseNextRequest('create')
  await bench.reach('staged', HOUR_MS)
  expect(provider.count('create')).toBe(2)
  expect(provider.count('revoke')).toBe(0)
})

test('an orphan is revoked by its id, authenticated with current', async () => {
  const { bench, provider } = start()
  provider.loseNextAnswer('create')
  await bench.reach('staged', HOUR_MS)
  const revokes = provider.calls.filter(({ operation }) => operation === 'revoke')
  expect(revokes).toMatchObject([{ auth: BOOTSTRAP, subject: 'id-1', answer: 'revoked' }])
})

test('where the create was refused, what is new is somebody else’s and stays', async () => {
  const { bench, provider } = start()
  provider.beforeNextCreate = () => provider.foreignCreate()
  await bench.run(HOUR_MS)
  expect(bench.record.blocked?.reason).toBe('slot-full-foreign')
  expect(provider.foreignEnded).toEqual([])
  expect(provider.live()).toHaveLength(2)
})

test('a secret that was created long after the call is nobody’s orphan: it stays, and an operator is asked', async () => {
  const { bench, provider } = start()
  bench.armCrash('create:before')
  await bench.lookOrRestart()
  while (bench.armed) await bench.lookOrRestart()
  // The process is down for an hour, and somebody uses the free slot meanwhile.
  await bench.clock.advance(HOUR_MS)
  provider.foreignCreate()
  await bench.run(HOUR_MS)
  expect(bench.record.blocked?.reason).toBe('attribution-ambiguous')
  expect(provider.foreignEnded).toEqual([])
})

test('twenty rotations with an answer lost in each lose nothing', async () => {
  const { bench, provider } = start({ everyMs: DAY_MS })
  for (let day = 0; day < 20; day++) {
    provider.loseNextAnswer(day % 2 === 0 ? 'create' : 'revoke')
    await bench.run(DAY_MS)
  }
  expect(bench.record.blocked).toBeNull()
  expect(bench.telemetry.results.filter((one) => one === 'succeeded').length).toBeGreaterThan(15)
  expect(
    provider
      .live()
      .map(({ value }) => value)
      .toSorted(),
  ).toEqual([...recordedValues(bench)].toSorted())
  expect(provider.liveMax).toBe(2)
})
