import { expect, test } from 'vitest'
import { inPieces, joinPieces, type MetricReader } from '../../../src/telemetry/metric-piece.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { textOf } from '../../fakes/metrics-text.ts'
import { lintMetrics, seriesOf } from './lint-metrics.ts'

const metric = (name: string, count: number): MetricReader => ({
  name,
  help: 'h',
  type: 'counter',
  values: Array.from({ length: count }, (_, at) => ({ labels: { at }, value: at })),
})

const METRICS = [metric('few', 3), metric('none', 0), metric('many', 1_800), metric('last', 1)]

test('metrics are cut into pieces, and joined again', async () => {
  const pieces = await Array.fromAsync(inPieces(METRICS.slice(0, 2), METRICS.slice(2)))
  expect(pieces.map(({ name, values }) => [name, values.length])).toEqual([
    ['few', 3],
    ['none', 0],
    ['many', 497],
    ['many', 500],
    ['many', 500],
    ['many', 303],
    ['last', 1],
  ])
  expect(joinPieces(pieces)).toEqual(METRICS)
})

test('between two pieces others have their turn', async () => {
  let turns = 0
  const next = () => {
    turns++
    if (turns < 100) setImmediate(next)
  }
  setImmediate(next)
  const seen: number[] = []
  for await (const { values } of inPieces([metric('many', 2_000)])) {
    if (values.length > 0) seen.push(turns)
  }
  expect(seen).toHaveLength(4)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(new Set(seen).size).toBe(4)
})

test('a thousand routes are written as one metric each, told of once', async () => {
  const metrics = createMetrics({ clock: new FakeClock(), version: '1.2.3' })
  for (let at = 0; at < 1_000; at++) metrics.proxy.route(`r${at}`).finished('success', at)
  const text = await textOf(metrics.pieces())
  expect(lintMetrics(text)).toEqual([])
  const heads = text.split('\n').filter((line) => line.startsWith('# TYPE'))
  expect(new Set(heads).size).toBe(heads.length)
  const series = seriesOf(text)
  const written = series.map(({ name, labels }) => JSON.stringify([name, labels]))
  expect(new Set(written).size).toBe(written.length)
  const ofRoutes = series.filter(({ labels }) => labels['route'] !== undefined)
  expect(ofRoutes.length % 1_000).toBe(0)
  expect(
    ofRoutes.filter(
      ({ name, labels, value }) =>
        name === 'sidekey_requests_total' && labels['outcome'] === 'success' && value === 1,
    ),
  ).toHaveLength(1_000)
})

test('a reload while a scrape is under way makes no series appear twice', async () => {
  const metrics = createMetrics({ clock: new FakeClock(), version: '1.2.3' })
  const names = Array.from({ length: 400 }, (_, at) => `r${at}`)
  const reload = (routes: readonly string[]) => {
    metrics.retain({ routes, credentials: routes })
    for (const name of routes) {
      metrics.proxy.route(name)
      metrics.proxy.credential(name)
    }
  }
  reload(names)
  const written: string[] = []
  for await (const { name, values } of metrics.pieces()) {
    reload(names.slice(1))
    reload(names)
    for (const { metricName = name, labels } of values) {
      written.push(JSON.stringify([metricName, labels]))
    }
  }
  expect(new Set(written).size).toBe(written.length)
})
