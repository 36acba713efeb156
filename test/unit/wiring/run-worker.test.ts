import { expect, test } from 'vitest'
import type { Serving } from '../../../src/cli/serve.ts'
import type { MetricPiece } from '../../../src/telemetry/metric-piece.ts'
import type { ToSupervisor, ToWorker } from '../../../src/wiring/cluster/messages.ts'
import { runWorker } from '../../../src/wiring/cluster/run-worker.ts'
import { FakeClock, settle } from '../../fakes/clock.ts'

const piece = (name: string): MetricPiece => ({ name, help: 'h', type: 'counter', values: [] })

/** A worker that serves nothing, whose numbers take so long to read; and what it tells. */
async function running(readMs: () => number) {
  const clock = new FakeClock()
  const told: ToSupervisor[] = []
  let hear: (message: ToWorker) => void = () => {}
  const stopping = Promise.withResolvers<void>()
  const ready = { ready: true, reasons: [] as string[] }
  const serving: Serving = {
    address: '127.0.0.1:8080',
    readiness: () => ({ ...ready }),
    report: () => ({ readiness: { ...ready }, uses: [] }),
    async *metrics() {
      yield piece('a')
      await clock.sleep(readMs())
      yield piece('b')
    },
    change: () => Promise.resolve(),
    reload: () => Promise.resolve(),
    crashed: () => {},
    stop: () => Promise.resolve(),
  }
  const ended = runWorker({
    clock,
    stopping,
    started: () => {},
    serve: () => Promise.resolve(serving),
    channel: {
      send: (message, done) => {
        told.push(message)
        done?.(null)
      },
      on: (_event, heard) => (hear = heard),
    },
  })
  hear({ kind: 'start', text: '', fingerprintKey: 'aa' })
  await settle()
  const reports = () => told.filter(({ kind }) => kind === 'report').length
  const stop = async () => {
    stopping.resolve()
    await clock.advance(readMs())
    await ended
  }
  return { clock, told, hear, reports, ready, stop }
}

test('tells its numbers piece by piece, then how it is, and again each second', async () => {
  const { clock, told, reports, stop } = await running(() => 0)
  await clock.advance(0)
  expect(told.map(({ kind }) => kind)).toEqual(['metrics', 'metrics', 'report', 'ready'])
  await clock.advance(1_000)
  expect(reports()).toBe(2)
  await stop()
  expect(told.at(-1)?.kind).toBe('report')
})

test('tells them less often where that takes long', async () => {
  const { clock, reports, stop } = await running(() => 100)
  await clock.advance(100)
  await clock.advance(1_000 + 100)
  expect(reports()).toBe(2)
  await clock.advance(4_899)
  expect(reports()).toBe(2)
  await clock.advance(1 + 100)
  expect(reports()).toBe(3)
  await stop()
})

test('whoever asks is told at once, one report after the other', async () => {
  const { clock, told, hear, stop } = await running(() => 100)
  await clock.advance(100)
  told.length = 0
  hear({ kind: 'report' })
  await settle()
  hear({ kind: 'report' })
  await clock.advance(200)
  const whole = ['metrics', 'metrics', 'report']
  expect(told.map(({ kind }) => kind)).toEqual([...whole, ...whole])
  await stop()
})

test('those who ask while a report is told share the next one', async () => {
  const { clock, hear, reports, stop } = await running(() => 5_000)
  await clock.advance(5_000)
  const before = reports()
  for (let second = 0; second < 5; second++) {
    hear({ kind: 'report' })
    await clock.advance(1_000)
  }
  await clock.advance(20_000)
  expect(reports() - before).toBe(2)
  await stop()
})

test('a report that took a minute, as in a process that was stopped, is followed by one soon', async () => {
  let readMs = 0
  const { clock, reports, stop } = await running(() => readMs)
  await clock.advance(0)
  readMs = 60_000
  await clock.advance(1_000 + 60_000)
  readMs = 0
  expect(reports()).toBe(2)
  await clock.advance(30_000)
  expect(reports()).toBe(3)
  await stop()
})

test('that requests lack something is told within a second, whenever the next report is due', async () => {
  const { clock, told, hear, ready, stop } = await running(() => 500)
  await clock.advance(500 + 1_000 + 500)
  const heard = () =>
    told.splice(0).flatMap((one) => ('readiness' in one ? one.readiness.ready : []))
  heard()
  ready.ready = false
  await clock.advance(3_000)
  expect(heard()).toEqual([false])
  // For a moment, in which a report is told.
  ready.ready = true
  hear({ kind: 'report' })
  await clock.advance(600)
  ready.ready = false
  await clock.advance(1_000)
  expect(heard().at(-1)).toBe(false)
  await stop()
})
