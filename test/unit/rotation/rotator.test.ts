import { expect, test } from 'vitest'
import type { Phase } from '../../../src/kernel/credential.ts'
import { BOOTSTRAP, Bench, DAY_MS, HOUR_MS } from './bench.ts'

const MAKING: readonly Phase[] = ['idle', 'prepared', 'created', 'verified', 'staged']

function phases(bench: Bench): readonly Phase[] {
  const all = bench.store.written.map(({ phase }) => phase)
  return all.filter((phase, index) => phase !== all[index - 1])
}

test('a hot standby is made at once, rests staged, and is promoted when it is due', async () => {
  const bench = new Bench()
  await bench.run(60_000)
  expect(bench.record.phase).toBe('staged')
  expect(bench.record.current.value.expose()).toBe(BOOTSTRAP)
  expect(bench.provider.live()).toHaveLength(2)

  await bench.reach('promoted')
  expect(bench.record.previous?.value.expose()).toBe(BOOTSTRAP)
  await bench.reach('staged')
  expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
  expect(phases(bench)).toEqual([...MAKING, 'promoted', 'retiring', ...MAKING])
  expect(bench.telemetry.results).toEqual(['succeeded'])
})

test('without a standby it rests idle with one secret and makes the next one when it is due', async () => {
  const bench = new Bench({ standby: 'none' })
  const look = await bench.run(60_000)
  expect(look.reason).toBe('not-due')
  expect(bench.provider.live()).toHaveLength(1)
  await bench.reach('promoted')
  await bench.reach('idle')
  expect(bench.provider.live()).toHaveLength(1)
  expect(bench.record.current.generation).toBe(2)
  expect(bench.record.lastRotationAtMs).toBe(bench.clock.now())
})

test('a rotation takes at most ten management calls, probes apart', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  const before = bench.provider.calls.length
  await bench.reach('promoted')
  await bench.reach('staged')
  const managed = bench.provider.calls.slice(before).filter((call) => call.operation !== 'verify')
  expect(managed.map((call) => call.operation)).toEqual(['list', 'revoke', 'list', 'create'])
})

test('at rest the list is read at most every ten minutes', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  const before = bench.provider.count('list')
  await bench.run(10 * HOUR_MS)
  expect(bench.provider.count('list') - before).toBeLessThanOrEqual(60)
})

test('twenty rotations in a row lose nothing', async () => {
  const bench = new Bench({ everyMs: DAY_MS, drainMs: HOUR_MS })
  await bench.run(20 * DAY_MS)
  expect(bench.telemetry.results.filter((result) => result === 'succeeded').length).toBeGreaterThan(
    16,
  )
  const live = bench.provider.live().map((secret) => secret.value)
  const known = [bench.record.current, bench.record.pending].map((version) =>
    String(version?.value.expose()),
  )
  expect(live.toSorted()).toEqual(known.toSorted())
})
