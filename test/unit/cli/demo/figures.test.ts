import { expect, test } from 'vitest'
import {
  added,
  type DemoFigures,
  quantiles,
  sumMetric,
  verdict,
} from '../../../../src/cli/demo/figures.ts'

const good: DemoFigures = {
  seconds: 60,
  requests: 12_000,
  failed: 0,
  replays: 3,
  rotations: 11,
  revokedBehindItsBack: 1,
  leaks: [],
  searched: 9,
  directMs: { p50: 1, p99: 3, count: 3_000 },
  throughMs: { p50: 2, p99: 5, count: 12_000 },
  addedMs: { p50: 1, p99: 2 },
  failures: [],
}

test('quantiles take the order statistics of unsorted latencies', () => {
  const latencies = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(quantiles(latencies)).toEqual({ p50: 51, p99: 100, count: 100 })
  expect(quantiles([])).toEqual({ p50: 0, p99: 0, count: 0 })
})

test('added is the difference at each quantile', () => {
  expect(added({ p50: 2.5, p99: 9, count: 1 }, { p50: 1, p99: 4, count: 1 })).toEqual({
    p50: 1.5,
    p99: 5,
  })
})

test('a metric is summed over the series whose labels match, and over no other name', () => {
  const text = [
    '# HELP sidekey_replays_total …',
    'sidekey_replays_total{route="a",outcome="replayed"} 2',
    'sidekey_replays_total{route="b",outcome="replayed"} 3',
    'sidekey_replays_total{route="b",outcome="body-too-large"} 7',
    'sidekey_replays_total_created{route="b",outcome="replayed"} 100',
    'sidekey_plain 4',
  ].join('\n')
  expect(sumMetric(text, 'sidekey_replays_total', { outcome: 'replayed' })).toBe(5)
  expect(sumMetric(text, 'sidekey_replays_total')).toBe(12)
  expect(sumMetric(text, 'sidekey_plain')).toBe(4)
  expect(sumMetric(text, 'sidekey_absent')).toBe(0)
})

test.each<[string, Partial<DemoFigures>, RegExp]>([
  ['a failed request', { failed: 1 }, /1 requests failed/],
  ['a leak', { leaks: ['metrics'] }, /found in metrics/],
  ['a search of nothing', { searched: 0 }, /nothing was searched/],
  ['no rotation', { rotations: 0 }, /nothing was rotated/],
  ['no revocation', { revokedBehindItsBack: 0 }, /nothing was revoked/],
  ['no request', { requests: 0 }, /no request/],
])('a demo with %s is not good', (_name, change, problem) => {
  expect(verdict(good)).toEqual([])
  expect(verdict({ ...good, ...change }).join()).toMatch(problem)
})
