import { stat } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { SystemClock } from '../../../src/platform/system-clock.ts'
import { registerEventLoopLag } from '../../../src/telemetry/event-loop-lag.ts'

test('what a callback of the system takes makes the event loop late', async () => {
  const registry = new Registry()
  registerEventLoopLag(registry, new SystemClock())
  const witness = monitorEventLoopDelay({ resolution: 100 })
  witness.enable()
  while (witness.count < 1) await turn()
  // Longer than two ticks: whenever the last one was, the next one is late by half of it.
  await new Promise<void>((resolve) => {
    stat('/', () => {
      const until = performance.now() + 250
      while (performance.now() < until);
      resolve()
    })
  })
  while (witness.count < 2) await turn()
  const late = await scrape(registry)
  expect(late.get('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.1)
  // The witness tells the whole distance of the same ticks.
  expect(late.get('nodejs_eventloop_lag_max_seconds')).toBeLessThan(witness.max / 1e9 - 0.05)
  // It is told once.
  await turn()
  const after = await scrape(registry)
  expect(after.get('nodejs_eventloop_lag_max_seconds')).toBe(0)
  expect(after.get('nodejs_eventloop_lag_seconds')).toBeGreaterThan(0)
})

test('before any tick, all is 0 and not a number that means nothing', async () => {
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
