import { spawn } from 'node:child_process'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { SidekeyHome, SidekeyProcess } from '../e2e/sidekey-process.ts'

/**
 * Row 52: 800 slow clients of slowhttptest against a real Sidekey, and an honest one that asks meanwhile.
 * `node test/slow-clients/main.ts [SECONDS per attack, default 40] [CONNECTIONS, default 800]`
 */
const [seconds = '40', connections = '800'] = process.argv.slice(2)

const ATTACKS = [
  ['slow headers', ['-H', '-i', '10', '-x', '24']],
  ['slow bodies', ['-B', '-i', '10', '-s', '8192', '-x', '10', '-t', 'POST']],
  // The answer is larger than what the buffers of both sockets hold.
  ['slow readers', ['-X', '-w', '512', '-y', '1024', '-n', '5', '-z', '32', '-k', '3']],
] as const

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')
const PROBE_EVERY_MS = 50
/** Of the acceptance table. */
const P99_MAX_MS = 500

interface Outcome {
  readonly attack: string
  readonly available: boolean
  readonly probes: number
  readonly failed: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** One honest request on a connection of its own; how long it took in milliseconds, null when it failed. */
function probe(url: string): Promise<number | null> {
  const startedMs = performance.now()
  return new Promise((resolve) => {
    const asked = request(url, { agent: false, timeout: 10_000 }, (response) => {
      response.resume()
      response.once('end', () =>
        resolve(response.statusCode === 200 ? performance.now() - startedMs : null),
      )
    })
    asked.on('timeout', () => asked.destroy()).on('error', () => resolve(null))
    asked.end()
  })
}

async function run(attack: string, args: readonly string[], proxy: string): Promise<Outcome> {
  const common = ['-c', connections, '-r', '200', '-l', seconds, '-p', '3']
  const child = spawn('slowhttptest', [...common, ...args, '-u', `${proxy}/partner/large`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let ended = false
  child.once('close', () => (ended = true))
  const output = text(child.stdout)
  const tookMs: number[] = []
  let failed = 0
  const waiting: Promise<void>[] = []
  while (!ended) {
    waiting.push(
      probe(`${proxy}/partner/small`).then((ms) => {
        if (ms === null) failed++
        else tookMs.push(ms)
      }),
    )
    await sleep(PROBE_EVERY_MS)
  }
  await Promise.all(waiting)
  const sorted = tookMs.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Infinity
  const said = [
    ...(await output).replaceAll(COLOURS, '').matchAll(/service available:\s*(YES|NO)/g),
  ]
  return {
    attack,
    available: said.length > 0 && said.every(([, word]) => word === 'YES'),
    probes: sorted.length + failed,
    failed,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}

const large = Buffer.alloc(1024 * 1024, 'x')
const upstream = createServer((incoming, response) => {
  incoming.resume()
  response.end(incoming.url === '/large' ? large : 'ok')
})
await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
const { port } = upstream.address() as AddressInfo
const home = new SidekeyHome({ secret: 'a-secret-for-slow-clients' })
home.write(
  'sidekey.yaml',
  `proxy: { listen: 127.0.0.1:0 }
admin: { listen: 127.0.0.1:0 }
store: { type: file, directory: ${home.path('store')}, keyFile: ${home.path('store-key')} }
credentials:
  partner: { provider: static, current: { file: ${home.path('secret')} } }
routes:
  - { name: partner, upstream: 'http://127.0.0.1:${port}', credential: partner, inject: { header: X-Api-Key } }
`,
)
const sidekey = await SidekeyProcess.start(home)
const outcomes: Outcome[] = []
for (const [attack, args] of ATTACKS) outcomes.push(await run(attack, args, sidekey.proxy))
await sidekey.stop()
upstream.close()
home.remove()

for (const { attack, available, probes, failed, p50Ms, p99Ms } of outcomes) {
  const figures = `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`
  console.log(
    `${attack}: available ${available ? 'YES' : 'NO'}, ${probes} probes, ${failed} failed, ${figures}`,
  )
}
const kept = outcomes.every((one) => one.available && one.failed === 0 && one.p99Ms <= P99_MAX_MS)
process.exitCode = kept ? 0 : 1
