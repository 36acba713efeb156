/**
 * What several workers bring and cost: `node test/bench/workers.bench.ts [SECONDS] [REPEATS]`. Prints, per number of
 * workers, requests per second, connections per worker and memory per process. Linux only. Load and upstream run on the same
 * machine, so that on two cores there is little left to win.
 */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SidekeyHome, SidekeyProcess } from '../e2e/sidekey-process.ts'
import { clientPortsOf, workersOf } from '../e2e/worker-processes.ts'

const CONNECTIONS = 8
const [, , seconds = '3', repeats = '3'] = process.argv

const upstream = createServer((_request, response) => void response.end('ok')).listen(
  0,
  '127.0.0.1',
)
await once(upstream, 'listening')
const { port: upstreamPort } = upstream.address() as AddressInfo
for (let repeat = 0; repeat < Number(repeats); repeat++) {
  for (const workers of [1, 2, 3]) console.log(JSON.stringify(await measure(workers)))
}
upstream.close()
upstream.closeAllConnections()

async function measure(workers: number) {
  const home = new SidekeyHome({ partner: 'Partner1Secret-Zz9' })
  home.write(
    'sidekey.yaml',
    `proxy: { listen: 127.0.0.1:0, workers: ${workers} }
admin: { listen: 127.0.0.1:0 }
credentials:
  partner: { provider: static, current: { file: ${home.path('partner')} } }
routes:
  - name: partner
    match: { pathPrefix: /partner }
    upstream: http://127.0.0.1:${upstreamPort}
    credential: partner
    inject: { bearer: '{secret}' }
`,
  )
  const sidekey = await SidekeyProcess.start(home)
  const until = performance.now() + Number(seconds) * 1000
  const loads = Array.from({ length: CONNECTIONS }, () => loadUntil(until, sidekey.proxy))
  await new Promise((half) => setTimeout(half, (Number(seconds) * 1000) / 2))
  const port = Number(new URL(sidekey.proxy).port)
  const processes = [sidekey.child.pid ?? 0, ...workersOf(sidekey)]
  const seen = processes.map((pid) => ({
    connections: clientPortsOf(pid, port).size,
    megabytes: residentMegabytes(pid),
  }))
  const counts = await Promise.all(loads)
  await sidekey.kill()
  home.remove()
  const total = counts.reduce((sum, count) => sum + count, 0)
  return {
    workers,
    requestsPerSecond: Math.round(total / Number(seconds)),
    connections: seen.map(({ connections }) => connections),
    megabytes: seen.map(({ megabytes }) => megabytes),
  }
}

/** How many answers one kept connection brought. */
async function loadUntil(untilMs: number, proxy: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let count = 0
  for (; performance.now() < untilMs; count++) {
    await new Promise<void>((done, failed) => {
      const sent = request(`${proxy}/partner/`, { agent }, (response) => {
        response.resume()
        response.on('end', done)
      })
      sent.on('error', failed)
      sent.end()
    })
  }
  agent.destroy()
  return count
}

function residentMegabytes(pid: number): number {
  const [, kilobytes = '0'] =
    /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}
