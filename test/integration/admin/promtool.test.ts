import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { writeMetrics } from '../../../src/telemetry/write-metrics.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { AdminWorld } from '../../unit/admin/admin-world.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { describeWithTools } from '../../tools/describe-with-tools.ts'
import { OperatorWorld } from './operator-world.ts'

describeWithTools('the metrics of the admin port', ['promtool'], (path) => {
  test('are such that promtool finds nothing wrong', async () => {
    const metrics = createMetrics({ clock: new FakeClock(), version: '1.2.3' })
    const route = metrics.proxy.route('partner')
    route.finished('success', 12)
    route.upstream(7)
    route.replay('replayed')
    const credential = metrics.proxy.credential('vonage "quoted"\n')
    credential.injected('current')
    metrics.rotation.state({
      credentialId: 'vonage',
      phase: 'staged',
      reason: 'not-due',
      blocked: false,
      lastRotationAtMs: 1,
      nextRotationAtMs: 2,
      versions: [{ stage: 'current', createdAtMs: 1 }],
    })
    metrics.rotation.rotation('vonage', 'succeeded')
    metrics.rotation.providerCall('vonage', 'create', 'created')
    const scrape = async () => writeMetrics(metrics.pieces())
    await using world = await OperatorWorld.start(new AdminWorld({ metrics: scrape }))
    const response = await fetch(`${world.url}/metrics`)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const said = spawnSync(path('promtool'), ['check', 'metrics'], {
      input: await response.text(),
      encoding: 'utf8',
    })
    expect([said.status, said.stdout, said.stderr]).toEqual([0, '', ''])
  })
})
