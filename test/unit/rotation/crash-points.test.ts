import { expect, test } from 'vitest'
import { CRASH_POINTS } from '../../../src/rotation/crash-points.ts'
import { Bench, HOUR_MS } from './bench.ts'

/** Two rotations and a rest after each: a longer rest only repeats the same look. */
const EVERY_MS = 4 * HOUR_MS
const LIFE_MS = 2.5 * EVERY_MS
const POLICY = { everyMs: EVERY_MS, jitterRatio: 0, drainMs: 60_000 }

async function passes(): Promise<readonly string[]> {
  const bench = new Bench(POLICY)
  await bench.run(LIFE_MS)
  return bench.crashPoints
}

test('every crash point that is passed has its name in the list', async () => {
  const names = new Set(await passes())
  expect([...names].filter((name) => !CRASH_POINTS.includes(name))).toEqual([])
  for (const effect of ['list', 'create', 'verify', 'revoke', 'promote', 'save:retiring']) {
    expect(names).toContain(`${effect}:before`)
    expect(names).toContain(`${effect}:after`)
  }
})

test('a kill at every single pass of two rotations loses nothing', async () => {
  const counts = new Map<string, number>()
  for (const name of await passes()) counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const [name, count] of counts) {
    // Probes at rest repeat the same situation again and again.
    for (let skip = 0; skip < Math.min(count, 12); skip++) {
      const bench = new Bench(POLICY)
      bench.armCrash(name, skip)
      await bench.run(LIFE_MS)
      const where = `${name}, pass ${skip}`
      const { current, pending, phase, blocked } = bench.record
      expect([bench.armed, phase, blocked], where).toEqual([false, 'staged', null])
      const known = [current, pending].map((version) => version?.value.expose() ?? '')
      const live = bench.provider.live().map(({ value }) => value)
      expect(live.toSorted(), where).toEqual(known.toSorted())
      expect(current.generation, where).toBeGreaterThanOrEqual(3)
    }
  }
}, 60_000)
