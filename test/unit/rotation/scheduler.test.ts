import { afterEach, expect, test } from 'vitest'
import { CommandRefusedError } from '../../../src/kernel/errors.ts'
import { RotationScheduler } from '../../../src/rotation/scheduler.ts'
import { BOOTSTRAP, Bench, HOUR_MS, ID } from './bench.ts'

const running: RotationScheduler[] = []

function schedule(bench: Bench): RotationScheduler {
  const rotators = new Map([[ID, bench.rotator]])
  const scheduler = new RotationScheduler({ rotators, clock: bench.clock, log: bench.log })
  running.push(scheduler)
  return scheduler
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((scheduler) => scheduler.stop()))
})

test('rotates by the clock, from the start to the next standby', async () => {
  const bench = new Bench()
  const scheduler = schedule(bench)
  scheduler.start()
  await bench.clock.advance(60_000)
  expect(bench.record.phase).toBe('staged')
  await scheduler.command(ID, { kind: 'rotate', emergency: false })
  await bench.clock.advance(1)
  expect(bench.record.phase).toBe('promoted')
  await bench.clock.advance(2 * HOUR_MS)
  expect(bench.record.phase).toBe('staged')
  expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
})

test('a storm of refusals is one early look', async () => {
  const bench = new Bench()
  const scheduler = schedule(bench)
  scheduler.start()
  await bench.clock.advance(60_000)
  const before = bench.provider.count('verify')
  for (let n = 0; n < 1_000; n++) scheduler.look(ID)
  await bench.clock.advance(500)
  expect(bench.provider.count('verify') - before).toBe(2)
  scheduler.look('unknown')
})

test('a refusal within a second of the last early look is looked at when the second is over', async () => {
  const bench = new Bench()
  const scheduler = schedule(bench)
  scheduler.start()
  await bench.clock.advance(60_000)
  scheduler.look(ID)
  await bench.clock.advance(200)
  bench.provider.foreignRevoke(bench.record.current.secretId ?? '')
  scheduler.look(ID)
  await bench.clock.advance(4_000)
  expect(bench.record.phase).toBe('promoted')
})

test('an early look finds within seconds that current was revoked', async () => {
  const bench = new Bench()
  const scheduler = schedule(bench)
  scheduler.start()
  await bench.clock.advance(60_000)
  bench.provider.foreignRevoke(bench.record.current.secretId ?? '')
  scheduler.look(ID)
  await bench.clock.advance(3_000)
  expect(bench.record.phase).toBe('promoted')
})

test('stop waits for the look under way, and nothing runs afterwards', async () => {
  const bench = new Bench()
  const scheduler = schedule(bench)
  scheduler.start()
  await bench.clock.advance(1)
  await scheduler.stop()
  const calls = bench.provider.calls.length
  await bench.clock.advance(HOUR_MS)
  scheduler.look(ID)
  await bench.clock.advance(HOUR_MS)
  expect(bench.provider.calls).toHaveLength(calls)
  expect(bench.clock.pending).toBe(0)
  const other = bench.another()
  const look = await other.look(new AbortController().signal)
  expect(look.reason).not.toBe('lease-held-elsewhere')
})

test('a defect in one look is logged, and the next look comes', async () => {
  const bench = new Bench()
  bench.armCrash('list:before')
  const scheduler = schedule(bench)
  scheduler.start()
  await bench.clock.advance(60_000)
  expect(bench.log.events).toContainEqual(
    expect.objectContaining({ level: 'error', event: 'rotation look failed' }),
  )
  expect(bench.record.phase).toBe('staged')
})

test('knows what it rotates', async () => {
  const bench = new Bench()
  const scheduler = schedule(bench)
  await bench.rotator.ensureRecord()
  expect((await scheduler.list()).map(({ id }) => id)).toEqual([ID])
  expect(await scheduler.get(ID)).toMatchObject({ id: ID, phase: 'idle' })
  expect(await scheduler.get('other')).toBeNull()
  await expect(scheduler.command('other', { kind: 'pause' })).rejects.toThrow(CommandRefusedError)
})

test('a primary and its secondary rotate together; the secondary never loses its manager', async () => {
  const primary = new Bench({ drainMs: 10_000 })
  const secondary = new Bench(
    { drainMs: 10_000 },
    {
      managedBy: async () => {
        const { current, pending, previous } = primary.record
        const live = [current, previous, pending].flatMap((version) => version?.value ?? [])
        return live.map((secret) => ({ account: primary.provider.account, secret }))
      },
      clock: primary.clock,
    },
  )
  secondary.provider.managedBy = ({ secret }) => primary.provider.accepts(secret.expose())
  const refusals: string[] = []
  const scheduler = new RotationScheduler({
    rotators: new Map([
      ['primary', primary.rotator],
      ['secondary', secondary.rotator],
    ]),
    clock: primary.clock,
    log: primary.log,
    managers: new Map([['secondary', 'primary']]),
  })
  running.push(scheduler)
  scheduler.start()
  await primary.clock.advance(60_000)
  for (let turn = 0; turn < 3; turn++) {
    for (const id of ['primary', 'secondary']) {
      await scheduler.command(id, { kind: 'rotate', emergency: false })
    }
    await primary.clock.advance(120_000)
  }
  for (const call of secondary.provider.calls) {
    if (call.answer === 'unauthorized') refusals.push(call.operation)
  }
  expect(refusals).toEqual([])
  expect(primary.record).toMatchObject({ phase: 'staged', blocked: null })
  expect(secondary.record).toMatchObject({ phase: 'staged', blocked: null })
  expect(primary.record.current.generation).toBe(4)
  expect(secondary.record.current.generation).toBe(4)
})
