import { setImmediate as turn } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { SystemClock } from '../../../src/platform/system-clock.ts'
import { registerEventLoopLag } from '../../../src/telemetry/event-loop-lag.ts'

test('a turn that takes long is the longest of its scrape, and is not told again', async () => {
  const registry = new Registry()
  registerEventLoopLag(registry, new SystemClock())
  const until = performance.now() + 30
  while (performance.now() < until);
  await turn()
  await turn()
  const first = await scrape(registry)
  expect(first.get('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.029)
  // No turn has ended since.
  const second = await scrape(registry)
  expect(second.get('nodejs_eventloop_lag_max_seconds')).toBe(0)
  await turn()
  expect((await scrape(registry)).get('nodejs_eventloop_lag_seconds')).toBeGreaterThan(0)
})

test('before any turn has ended, all is 0 and not a number that means nothing', async () => {
  const registry = new Registry()
  registerEventLoopLag(registry, new SystemClock())
  const values = [...(await scrape(registry)).values()]
  expect(values).toHaveLength(8)
  expect(values.every((value) => value === 0)).toBe(true)
})

async function scrape(registry: Registry): Promise<ReadonlyMap<string, number>> {
  const metrics = await registry.getMetricsAsJSON()
  return new Map(metrics.map(({ name, values }) => [name, Number(values[0]?.value)]))
}
