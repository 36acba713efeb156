/**
 * What counting one request costs: our meters beside prom-client's own children, bound once. Run it with
 * `node test/bench/telemetry.bench.ts`. It prints nanoseconds of CPU per request, the median of rounds that alternate.
 */
import { Counter, Histogram, Registry } from 'prom-client'
import { SecretValue } from '../../src/kernel/secret-value.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { LiveSecrets } from '../../src/telemetry/scrub-secrets.ts'
import { FakeClock } from '../fakes/clock.ts'

const ROUNDS = 7
const REQUESTS = 200_000

/** Each request by the next of so many routes, each with a credential of its own. */
function countWithOurs(routes: number): (durationMs: number) => void {
  const { proxy } = createMetrics({ clock: new FakeClock(), version: 'bench' })
  const meters = Array.from({ length: routes }, (_, at) => ({
    route: proxy.route(`r${at}`),
    credential: proxy.credential(`c${at}`),
  }))
  let at = 0
  return (durationMs) => {
    at = (at + 1) % routes
    const meter = meters[at]
    meter?.credential.injected('current')
    meter?.route.upstream(durationMs)
    meter?.route.finished('success', durationMs)
  }
}

function countWithPromClient(): (durationMs: number) => void {
  const registers = [new Registry()]
  const help = 'h'
  const requests = new Counter({ name: 'r', help, labelNames: ['route', 'outcome'], registers })
  const injections = new Counter({ name: 'i', help, labelNames: ['credential', 's'], registers })
  const whole = new Histogram({ name: 'w', help, labelNames: ['route'], registers })
  const upstream = new Histogram({ name: 'u', help, labelNames: ['route'], registers })
  const succeeded = requests.labels('vonage', 'success')
  const injected = injections.labels('vonage', 'current')
  const wholeChild = whole.labels('vonage')
  const upstreamChild = upstream.labels('vonage')
  return (durationMs) => {
    injected.inc()
    upstreamChild.observe(durationMs / 1000)
    succeeded.inc()
    wholeChild.observe(durationMs / 1000)
  }
}

/** A log line of usual length, with the secrets of so many credentials registered. */
function scrubAmong(credentials: number): () => void {
  const live = new LiveSecrets()
  for (let at = 0; at < credentials; at++) {
    live.set(`c${at}`, [secret(`current${at}`), secret(`previous${at}`)])
  }
  const line = `{"level":"info","event":"rotation promoted","credential":"vonage","from":"staged","reason":"due","versionId":"g42","fingerprint":"9f8e7d6c","holder":"0123456789abcdef0123456789abcdef"}\n`
  return () => void live.scrub(line)
}

function secret(seed: string): SecretValue {
  return new SecretValue(Buffer.from(seed.repeat(4)).toString('base64').slice(0, 25))
}

const contenders: readonly (readonly [string, (durationMs: number) => void])[] = [
  ['count a request, own meters', countWithOurs(1)],
  ['count a request, own meters of 1,000 routes', countWithOurs(1000)],
  ['count a request, prom-client children', countWithPromClient()],
  ['scrub a line of 180 characters, 1 credential', scrubAmong(1)],
  ['scrub a line of 180 characters, 1,000 credentials', scrubAmong(1000)],
]
const rounds = new Map<string, number[]>(contenders.map(([name]) => [name, []]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, work] of contenders) {
    const before = process.cpuUsage()
    for (let request = 0; request < REQUESTS; request++) work(request % 300)
    const { user, system } = process.cpuUsage(before)
    rounds.get(name)?.push(((user + system) * 1000) / REQUESTS)
  }
}
for (const [name, costs] of rounds) {
  const median = costs.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
  console.log(`${median.toFixed(0).padStart(6)} ns  ${name}`)
}
