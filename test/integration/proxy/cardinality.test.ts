import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { SystemClock } from '../../../src/platform/system-clock.ts'
import { textOf } from '../../fakes/metrics-text.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { Bench } from './bench.ts'

let bench: Bench
afterEach(() => bench.stop())

/** Requests in one go on one connection; resolves when as many answers have come, or the connection has ended. */
function pipeline(port: number, requests: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(requests.join('')))
    let answers = 0
    let rest = ''
    socket.on('error', () => {})
    socket.on('data', (data) => {
      const text = rest + data.toString('latin1')
      const found = text.split('HTTP/1.1 ')
      answers += found.length - 1
      rest = (found.at(-1) ?? '').slice(-8)
      if (answers === requests.length) socket.destroy()
    })
    socket.once('close', () => resolve(answers))
  })
}

const BATCH = 500
const request = (method: string, target: string, host: string): string =>
  `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`

test('row 53: 50,000 distinct paths, hosts, methods and accounts make no further series', async () => {
  const metrics = createMetrics({ clock: new SystemClock(), version: '0.0.0' })
  bench = await Bench.start({
    endpoint: {
      inject: [{ kind: 'query', parameters: [{ name: 'api_key', template: '{apiKey}' }] }],
    },
    deps: { telemetry: metrics.proxy },
  })
  const own = (text: string): number => text.match(/^sidekey_/gm)?.length ?? 0
  const before = own(await textOf(metrics.pieces()))
  const kinds: ((n: number) => string)[] = [
    (n) => request('GET', `/partner/path-${n}`, 'localhost'),
    (n) => request('GET', `/partner/x?api_key=account-${n}`, 'localhost'),
    (n) => request('GET', `/unknown-${n}/x`, 'localhost'),
    (n) => request('GET', '/x', `host-${n}.example`),
  ]
  let sent = 0
  for (let at = 0; at < 49_800; at += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, 49_800 - at) }, (_, i) =>
      kinds[(at + i) % kinds.length]!(at + i),
    )
    const answers = await pipeline(bench.port, batch)
    expect(answers).toBe(batch.length)
    sent += answers
  }
  // An unknown method ends its connection.
  for (let n = 0; n < 200; n++) {
    sent += await pipeline(bench.port, [request(`METHOD${n}`, '/partner/x', 'localhost')])
  }
  expect(sent).toBe(50_000)
  const text = await textOf(metrics.pieces())
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(series.length).toBeLessThanOrEqual(500)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(256 * 1024)
  expect(text).not.toMatch(/path-\d|account-\d|unknown-\d|host-\d|METHOD\d/)
  // Those of Node come and go; ours are all there from the start.
  expect(own(text)).toBe(before)
})
