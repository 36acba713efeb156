import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { freePorts } from '../free-ports.ts'
import { SidekeyHome, SidekeyProcess } from '../e2e/sidekey-process.ts'

/**
 * How long after the upstream has written an event its client has it, through Sidekey as a process of its own: issue 4 wants
 * 100 ms at most. Over HTTP/1.1 and HTTP/2, with rules that look into bodies. Ends with 1 where an event took longer.
 * `node test/events/main.ts [events each, default 200] [milliseconds between two, default 20]`
 */
const [events = 200, pauseMs = 20] = process.argv.slice(2).map(Number)
const LATENCY_MAX_MS = 100
const HOST = 'events.example'

/** Event N holds when it was written, by the one clock of this process. */
async function writeEvents(_request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (let event = 0; event < events; event++) {
    response.write(`data: ${performance.now()}\n\n`)
    await sleep(pauseMs)
  }
  response.end()
}

/** @returns how long each event took, in milliseconds, the shortest first */
async function latencies(stream: AsyncIterable<Buffer>): Promise<readonly number[]> {
  const took: number[] = []
  let rest = ''
  for await (const chunk of stream) {
    const readMs = performance.now()
    const lines = (rest + chunk.toString('latin1')).split('\n\n')
    rest = lines.pop() ?? ''
    took.push(...lines.map((line) => readMs - Number(line.slice('data: '.length))))
  }
  if (took.length !== events) throw new Error(`${took.length} events, not ${events}`)
  return took.toSorted((a, b) => a - b)
}

function overHttp1(url: string): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    request(`${url}/events`, (response) => latencies(response).then(resolve, reject))
      .once('error', reject)
      .end()
  })
}

async function overHttp2(tlsPort: number, ca: string): Promise<readonly number[]> {
  const options = { host: '127.0.0.1', port: tlsPort, servername: HOST, ca }
  const session = connectHttp2(`https://${HOST}`, {
    createConnection: () => connectTls({ ...options, ALPNProtocols: ['h2'] }),
  })
  try {
    return await latencies(session.request({ ':path': '/' }))
  } finally {
    session.close()
  }
}

function report(name: string, took: readonly number[]): boolean {
  const at = (share: number) => took[Math.ceil(took.length * share) - 1] ?? 0
  const [half, most, all] = [0.5, 0.99, 1].map((share) => at(share).toFixed(1))
  console.log(`${name}: ${took.length} events; ms: p50 ${half}, p99 ${most}, longest ${all}`)
  return at(1) <= LATENCY_MAX_MS
}

const upstream = createServer((incoming, response) => void writeEvents(incoming, response))
await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done))
const { port } = upstream.address() as AddressInfo
const [tlsPort = 0] = await freePorts(1)
const home = new SidekeyHome({ secret: 'Events1Secret-Aa0Bb1Cc2' })
home.write(
  'sidekey.yaml',
  `proxy: { listen: 127.0.0.1:0, tls: { listen: 127.0.0.1:${tlsPort} }, ca: { directory: ca } }
admin: { listen: 127.0.0.1:0 }
store: { directory: store, keyFile: store-key }
credentials: { events: { provider: static, secret: { file: secret } } }
routes:
  - name: events
    match: { pathPrefix: /events, host: ${HOST} }
    upstream: http://127.0.0.1:${port}
    credential: events
    inject: { bearer: '{secret}' }
    authFailure: [{ status: 401 }, { status: 200, json: /error, in: [auth] }]
`,
)
const sidekey = await SidekeyProcess.start(home)
try {
  const direct = await overHttp1(`http://127.0.0.1:${port}`)
  report('without Sidekey', direct)
  const good = [
    report('HTTP/1.1', await overHttp1(sidekey.proxy)),
    report('HTTP/2', await overHttp2(tlsPort, readFileSync(home.path('ca/ca.pem'), 'utf8'))),
  ]
  process.exitCode = good.includes(false) ? 1 : 0
} finally {
  await sidekey.stop()
  upstream.close()
  home.remove()
}
