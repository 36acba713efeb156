import { expect, test } from 'vitest'
import { RotationPace } from '../../../src/rotation/rotation-pace.ts'
import { RotationScheduler } from '../../../src/rotation/scheduler.ts'
import type { Rotator } from '../../../src/rotation/rotator.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { Bench } from './bench.ts'

const COUNT = 60

/** Many credentials of one process, each with its own account. */
function crowd(clock: FakeClock, policy: ConstructorParameters<typeof Bench>[0] = {}) {
  const pace = new RotationPace(clock, new SeededRandom(1))
  const benches = Array.from({ length: COUNT }, () => new Bench(policy, { clock, pace }))
  const rotators = new Map<string, Rotator>(
    benches.map((bench, index) => [`account-${index}`, bench.start()]),
  )
  const scheduler = new RotationScheduler({ rotators, clock, log: new RecordingLog() })
  return { benches, scheduler }
}

/** When each credential went into this phase for the first time. */
function beginnings(benches: readonly Bench[], phase: string): readonly number[] {
  return benches
    .flatMap(({ store }) => store.written.find((record) => record.phase === phase) ?? [])
    .map(({ phaseSinceMs }) => phaseSinceMs)
    .toSorted((a, b) => a - b)
}

function mostWithin(instants: readonly number[], spanMs: number): number {
  return Math.max(
    ...instants.map((from) => instants.filter((at) => at >= from && at < from + spanMs).length),
  )
}

test('at most two hot standbys per second are begun at a first start', async () => {
  const clock = new FakeClock()
  const { benches, scheduler } = crowd(clock)
  scheduler.start()
  await clock.advance(120_000)
  await scheduler.stop()
  const begun = beginnings(benches, 'prepared')
  expect(begun).toHaveLength(COUNT)
  expect(mostWithin(begun, 1_000)).toBe(2)
  const gaps = begun.slice(1).map((at, index) => at - (begun[index] ?? 0))
  expect(new Set(gaps).size).toBeGreaterThan(COUNT / 2)
})

test('the record is saved before the account waits for its turn', async () => {
  const clock = new FakeClock()
  const { benches, scheduler } = crowd(clock)
  scheduler.start()
  await clock.advance(5_000)
  await scheduler.stop()
  expect(benches.every(({ store }) => store.written.length > 0)).toBe(true)
  const waiting = benches.filter(({ record }) => record.phase === 'idle')
  expect(waiting.length).toBeGreaterThan(COUNT / 2)
  expect(waiting.every(({ provider }) => provider.count('create') === 0)).toBe(true)
})

test('an emergency goes ahead of the queue, and the queue makes room for it', () => {
  const clock = new FakeClock()
  const pace = new RotationPace(clock, new SeededRandom(1))
  const [first, second, urgent] = [pace.turn(), pace.turn(), pace.turn()]
  expect(first.waitMs({ kind: 'prepare', reason: 'due' })).toBe(0)
  expect(urgent.waitMs({ kind: 'prepare', reason: 'emergency' })).toBe(0)
  expect(urgent.waitMs({ kind: 'promote', reason: 'current-dead' })).toBe(0)
  expect(second.waitMs({ kind: 'prepare', reason: 'due' })).toBeGreaterThanOrEqual(1_500)
})

test('a turn that nobody took in time is given up', async () => {
  const clock = new FakeClock()
  const pace = new RotationPace(clock, new SeededRandom(1))
  const turns = Array.from({ length: 20 }, () => pace.turn())
  const ask = () => turns.map((turn) => turn.waitMs({ kind: 'prepare', reason: 'due' }))
  ask()
  await clock.advance(3_600_000)
  expect(ask().filter((waitMs) => waitMs === 0)).toHaveLength(1)
})

test.each([
  ['a quick store', 0],
  ['a store that takes 300 ms to read', 100],
  ['a store that takes 1.2 s to read', 400],
])('rotations that are asked for at once are all promoted with %s', async (_what, readMs) => {
  const clock = new FakeClock()
  const { benches, scheduler } = crowd(clock)
  scheduler.start()
  await clock.advance(300_000)
  expect(benches.every(({ record }) => record.phase === 'staged')).toBe(true)
  for (const { store } of benches) {
    const [read, members] = [store.read.bind(store), store.members.bind(store)]
    store.read = async (id) => {
      await clock.sleep(readMs)
      return read(id)
    }
    store.members = async (id) => {
      await clock.sleep(2 * readMs)
      return members(id)
    }
  }
  const probes = () => benches.reduce((sum, { provider }) => sum + provider.count('verify'), 0)
  const before = probes()
  const command = { kind: 'rotate', emergency: false } as const
  const told = benches.map((_, index) => scheduler.command(`account-${index}`, command))
  await clock.advance(120_000)
  await Promise.all(told)
  const stopped = scheduler.stop()
  await clock.advance(5_000)
  await stopped
  expect(benches.map(({ record }) => record.phase)).toEqual(benches.map(() => 'promoted'))
  expect(mostWithin(beginnings(benches, 'promoted'), 1_000)).toBeLessThanOrEqual(2)
  expect(probes() - before).toBeLessThanOrEqual(4 * COUNT)
})
