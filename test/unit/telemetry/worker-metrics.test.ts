import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import {
  mergeReports,
  type MetricsReport,
  retained,
  totalsOf,
} from '../../../src/telemetry/worker-metrics.ts'
import { inPieces } from '../../../src/telemetry/metric-piece.ts'
import { textOf } from '../../fakes/metrics-text.ts'
import { groupOf } from '../wiring/fake-worker.ts'

interface Told {
  readonly requests?: Readonly<Record<string, number>>
  readonly seconds?: readonly number[]
  readonly phase?: number
  readonly open?: number
  readonly freshAt?: number
}

async function reportOf({
  requests = {},
  seconds = [],
  phase,
  open,
  freshAt,
}: Told): Promise<MetricsReport> {
  const registry = new Registry()
  const registers = [registry]
  const counter = new Counter({
    name: 'requests_total',
    help: 'r',
    labelNames: ['route'],
    registers,
  })
  for (const [route, count] of Object.entries(requests)) counter.inc({ route }, count)
  const histogram = new Histogram({ name: 'seconds', help: 's', buckets: [1, 2], registers })
  for (const each of seconds) histogram.observe(each)
  const gauges = {
    sidekey_rotation_phase: phase,
    sidekey_websockets_open: open,
    sidekey_secret_source_last_success_timestamp_seconds: freshAt,
  }
  for (const [name, value] of Object.entries(gauges)) {
    if (value !== undefined) new Gauge({ name, help: 'g', registers }).set(value)
  }
  return (await registry.getMetricsAsJSON()).map((metric) => ({
    ...metric,
    // What it is at run time.
    type: String(metric.type),
    values: metric.values.map((series) => ({ ...series, labels: labelsOf(series.labels) })),
  }))
}

/** Prom-client's type would allow for labels without a value. */
function labelsOf(labels: Readonly<Record<string, string | number | undefined>>) {
  return Object.fromEntries(
    Object.entries(labels).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

const mergedText = async (...told: readonly Told[]) =>
  textOf(inPieces(mergeReports(await Promise.all(told.map(reportOf)))))

test('counters and histograms are added up, series by series', async () => {
  const text = await mergedText(
    { requests: { a: 1 }, seconds: [0.5] },
    { requests: { a: 2, b: 5 }, seconds: [0.5, 1.5] },
    { requests: { b: 1 }, seconds: [9] },
  )
  expect(text).toContain('requests_total{route="a"} 3')
  expect(text).toContain('requests_total{route="b"} 6')
  expect(text).toContain('seconds_bucket{le="1"} 2')
  expect(text).toContain('seconds_bucket{le="2"} 3')
  expect(text).toContain('seconds_bucket{le="+Inf"} 4')
  expect(text).toContain('seconds_sum 11.5')
  expect(text).toContain('seconds_count 4')
})

test('a shared gauge is added up, any other one is that of the supervisor', async () => {
  const text = await mergedText({ phase: 1, open: 0 }, { phase: 0, open: 2 }, { phase: 0, open: 3 })
  expect(text).toContain('sidekey_rotation_phase 1')
  expect(text).toContain('sidekey_websockets_open 5')
})

test('secrets are as fresh as they are in the worker that is worst off', async () => {
  const name = 'sidekey_secret_source_last_success_timestamp_seconds'
  expect(await mergedText({ freshAt: 50 }, { freshAt: 200 }, { freshAt: 100 })).toContain(
    `${name} 100`,
  )
  expect(await mergedText({ freshAt: 500 }, { freshAt: 200 })).toContain(`${name} 200`)
  expect(await mergedText({ freshAt: 50 }, {})).toContain(`${name} 50`)
})

test('what has been counted outlives its process, what is now does not', async () => {
  const report = await reportOf({ requests: { a: 1 }, seconds: [1], phase: 1, open: 1, freshAt: 1 })
  expect(totalsOf(report).map(({ name }) => name)).toEqual(['requests_total', 'seconds'])
})

test('a reload forgets what is named no more', async () => {
  const report = await reportOf({ requests: { a: 1, gone: 2 }, seconds: [1] })
  const named = { routes: new Set(['a']), credentials: new Set<string>() }
  const text = await textOf(inPieces(retained(report, named)))
  expect(text).toContain('requests_total{route="a"} 1')
  expect(text).not.toContain('gone')
  expect(text).toContain('seconds_count 1')
})

test('no total ever falls, whichever worker is killed, and whenever', async () => {
  const { group, clock, all } = groupOf(3)
  await group.start('text', () => {})
  const requests = new Map<unknown, number>()
  let highest = 0
  for (let round = 1; round <= 30; round++) {
    for (const worker of all.filter(({ isAlive }) => isAlive)) {
      requests.set(worker, (requests.get(worker) ?? 0) + round)
      const metrics = await reportOf({ requests: { a: requests.get(worker) ?? 0 } })
      worker.report = { ...worker.report, metrics }
    }
    // Every third scrape comes right after a death, every other one when the next worker runs.
    if (round % 2 === 0) all.filter(({ isAlive }) => isAlive)[round % 3]?.kill()
    if (round % 3 !== 0) await clock.advance(10_000)
    const [, count = '0'] =
      /^requests_total\{route="a"\} (\d+)$/m.exec(await textOf(await group.metrics([]))) ?? []
    expect(Number(count)).toBeGreaterThanOrEqual(highest)
    highest = Number(count)
  }
  expect(highest).toBeGreaterThan(500)
})
