import { expect, test } from 'vitest'
import type { RotationState } from '../../../src/kernel/ports/telemetry.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { textOf } from '../../fakes/metrics-text.ts'
import { lintMetrics, seriesOf } from './lint-metrics.ts'

const newMetrics = () => createMetrics({ clock: new FakeClock(), version: '1.2.3' })

const STATE: RotationState = {
  credentialId: 'vonage',
  phase: 'promoted',
  reason: 'drain',
  blocked: false,
  lastRotationAtMs: 1_700_000_000_000,
  nextRotationAtMs: 1_700_000_600_500,
  versions: [
    { stage: 'current', createdAtMs: 1_700_000_000_000 },
    { stage: 'previous', createdAtMs: 1_600_000_000_000 },
  ],
}

/** The names and labels that design.md promises. */
const PROMISED: Readonly<Record<string, readonly string[]>> = {
  sidekey_requests_total: ['route', 'outcome'],
  sidekey_request_duration_seconds_count: ['route'],
  sidekey_upstream_duration_seconds_count: ['route'],
  sidekey_auth_failures_total: ['credential', 'stage'],
  sidekey_fallbacks_total: ['credential', 'outcome'],
  sidekey_replays_total: ['route', 'outcome'],
  sidekey_injections_total: ['credential', 'stage'],
  sidekey_rotations_total: ['credential', 'result'],
  sidekey_rotation_phase: ['credential', 'phase'],
  sidekey_rotation_last_success_timestamp_seconds: ['credential'],
  sidekey_rotation_next_timestamp_seconds: ['credential'],
  sidekey_secret_version_created_timestamp_seconds: ['credential', 'stage'],
  sidekey_provider_calls_total: ['credential', 'operation', 'outcome'],
  sidekey_config_last_reload_successful: [],
  sidekey_build_info: ['version', 'node'],
}

test('every promised metric is there, with exactly its labels', async () => {
  const metrics = newMetrics()
  metrics.proxy.route('partner')
  metrics.proxy.credential('vonage')
  metrics.rotation.state(STATE)
  metrics.rotation.providerCall('vonage', 'create', 'created')
  const series = seriesOf(await textOf(metrics.pieces()))
  for (const [name, labels] of Object.entries(PROMISED)) {
    const found = series.find((one) => one.name === name)
    expect(found && Object.keys(found.labels).toSorted(), name).toEqual([...labels].toSorted())
  }
})

test('the process tells of itself, and no collection of garbage is reported', async () => {
  const names = new Set(seriesOf(await textOf(newMetrics().pieces())).map(({ name }) => name))
  const told = [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'process_open_fds',
    'process_max_fds',
    'process_start_time_seconds',
    'nodejs_eventloop_lag_p99_seconds',
    'nodejs_heap_size_used_bytes',
    'nodejs_heap_space_size_used_bytes',
    'nodejs_active_handles',
    'nodejs_active_resources',
    'nodejs_version_info',
  ]
  expect(told.filter((name) => !names.has(name))).toEqual([])
  expect([...names].filter((name) => name.startsWith('nodejs_gc'))).toEqual([])
})

test('names, units and help texts follow the conventions', async () => {
  const metrics = newMetrics()
  metrics.proxy.route('partner').finished('success', 12)
  metrics.proxy.credential('vonage').injected('current')
  metrics.rotation.state(STATE)
  metrics.rotation.providerCall('vonage', 'list', 'listed')
  expect(lintMetrics(await textOf(metrics.pieces()))).toEqual([])
})

test('the lint sees what promtool would refuse', () => {
  const text = [
    '# TYPE a_total gauge',
    'a_total 1',
    '# HELP b_milliseconds B.',
    '# TYPE b_milliseconds gauge',
    'b_milliseconds 1',
  ].join('\n')
  expect(lintMetrics(text)).toEqual([
    'a_total has no HELP',
    'a_total ends in _total and is a gauge',
    'b_milliseconds is not in base units',
  ])
})

test('requests, replays and injections are counted under the words of the port', async () => {
  const metrics = newMetrics()
  const route = metrics.proxy.route('partner')
  route.finished('success', 3)
  metrics.proxy.route('partner').finished('success', 30_000)
  route.finished('refused', 0.2)
  route.upstream(7)
  route.replay('replayed')
  const credential = metrics.proxy.credential('vonage')
  credential.injected('current')
  credential.authFailure('current')
  credential.fallback('succeeded')
  const text = await textOf(metrics.pieces())
  expect(text).toContain('sidekey_requests_total{route="partner",outcome="success"} 2')
  expect(text).toContain('sidekey_requests_total{route="partner",outcome="client-aborted"} 0')
  expect(text).toContain('sidekey_replays_total{route="partner",outcome="replayed"} 1')
  expect(text).toContain('sidekey_injections_total{credential="vonage",stage="current"} 1')
  expect(text).toContain('sidekey_auth_failures_total{credential="vonage",stage="current"} 1')
  expect(text).toContain('sidekey_fallbacks_total{credential="vonage",outcome="succeeded"} 1')
  expect(text).toContain('sidekey_upstream_duration_seconds_count{route="partner"} 1')
})

test('durations land in cumulative buckets of seconds', async () => {
  const metrics = newMetrics()
  const route = metrics.proxy.route('partner')
  for (const ms of [1, 1.1, 30_000, 90_000, -5]) route.finished('success', ms)
  const bucket = async (le: string) =>
    seriesOf(await textOf(metrics.pieces())).find(
      ({ name, labels }) =>
        name === 'sidekey_request_duration_seconds_bucket' && labels['le'] === le,
    )?.value
  expect(await bucket('0.001')).toBe(2)
  expect(await bucket('0.0025')).toBe(3)
  expect(await bucket('30')).toBe(4)
  expect(await bucket('60')).toBe(4)
  expect(await bucket('+Inf')).toBe(5)
  const text = await textOf(metrics.pieces())
  expect(text).toContain('sidekey_request_duration_seconds_count{route="partner"} 5')
  expect(text).toMatch(/sidekey_request_duration_seconds_sum\{route="partner"\} 120\.0021/)
})

test('one phase is 1, and what is gone leaves the next scrape', async () => {
  const metrics = newMetrics()
  metrics.rotation.state(STATE)
  const before = await textOf(metrics.pieces())
  expect(before.match(/^sidekey_rotation_phase\{.*\} 0$/gm)).toHaveLength(7)
  expect(before).toContain('sidekey_rotation_phase{credential="vonage",phase="promoted"} 1')
  expect(before).toContain('sidekey_rotation_reason{credential="vonage",reason="drain"} 1')
  expect(before).toContain(
    'sidekey_rotation_next_timestamp_seconds{credential="vonage"} 1700000600.5',
  )
  expect(before).toContain(
    'created_timestamp_seconds{credential="vonage",stage="previous"} 1600000000',
  )
  metrics.rotation.state({
    ...STATE,
    phase: 'idle',
    reason: null,
    nextRotationAtMs: null,
    versions: STATE.versions.slice(0, 1),
  })
  const after = await textOf(metrics.pieces())
  expect(after).toContain('sidekey_rotation_phase{credential="vonage",phase="idle"} 1')
  expect(after).toContain('sidekey_rotation_phase{credential="vonage",phase="promoted"} 0')
  expect(after).not.toContain('stage="previous"} 1600000000')
  expect(after).not.toContain('reason="drain"')
  expect(after).not.toMatch(/sidekey_rotation_next_timestamp_seconds\{/)
})

test('a refused reload shows, and keeps the time of the last good one', async () => {
  const clock = new FakeClock(1_000_000)
  const metrics = createMetrics({ clock, version: '1.2.3' })
  expect(await textOf(metrics.pieces())).toContain('sidekey_config_last_reload_successful 1')
  await clock.advance(5_000)
  metrics.reload(false)
  const text = await textOf(metrics.pieces())
  expect(text).toContain('sidekey_config_last_reload_successful 0')
  expect(text).toContain('sidekey_config_last_reload_success_timestamp_seconds 1000\n')
})

test('a reload drops the series of what it took out', async () => {
  const metrics = newMetrics()
  for (const id of ['kept', 'gone']) {
    metrics.proxy.route(id).finished('success', 1)
    metrics.proxy.credential(id).injected('current')
    metrics.rotation.state({ ...STATE, credentialId: id })
    metrics.rotation.providerCall(id, 'list', 'listed')
  }
  metrics.retain({ routes: ['kept'], credentials: ['kept'] })
  const text = await textOf(metrics.pieces())
  expect(text).not.toContain('gone')
  expect(text).toContain('sidekey_rotation_phase{credential="kept",phase="promoted"} 1')
})

test('two sets of metrics in one process do not meet', async () => {
  const [one, other] = [newMetrics(), newMetrics()]
  one.proxy.route('only-here').finished('success', 1)
  expect(await textOf(other.pieces())).not.toContain('only-here')
})

test('50,000 requests of every outcome stay below 500 series and 256 KiB', async () => {
  const metrics = newMetrics()
  const route = metrics.proxy.route('vonage')
  const credential = metrics.proxy.credential('vonage')
  metrics.rotation.state(STATE)
  const outcomes = ['success', 'client-error', 'upstream-error', 'auth-failed', 'refused'] as const
  for (let request = 0; request < 50_000; request++) {
    route.finished(outcomes[request % outcomes.length]!, request)
    credential.injected(request % 2 === 0 ? 'current' : 'previous')
    metrics.rotation.providerCall('vonage', 'list', 'listed')
  }
  const text = await textOf(metrics.pieces())
  expect(seriesOf(text).length).toBeLessThan(500)
  expect(Buffer.byteLength(text)).toBeLessThan(256 * 1024)
})
