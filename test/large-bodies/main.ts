import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { contender } from '../bench/contenders/sidekey.ts'
import { Process } from '../bench/processes.ts'
import { routePrefix, SECRETS } from '../bench/requests.ts'
import { freePorts } from '../free-ports.ts'

/**
 * Row 51: large bodies in both directions at once, to readers that take 20 MB/s each, through Sidekey as it runs in
 * production. Every body must arrive as it was sent, and memory must stay within 64 MiB of what it was.
 * `node test/large-bodies/main.ts [--json] [MIB per body, default 1024] [bodies each way, default 4]`
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
})
const [mib = 1024, each = 4] = positionals.map(Number)
const BYTES_PER_SECOND = 20e6
/** Of the acceptance table. */
const GROWTH_MAX_MIB = 64
const TICK_MS = 10

/** A mebibyte that no compression and no shift would leave the same. */
const block = Buffer.alloc(1024 * 1024)
for (let i = 0; i < block.length; i += 32)
  createHash('sha256').update(`${i}`).digest().copy(block, i)
const expected = createHash('sha256')
for (let i = 0; i < mib; i++) expected.update(block)
const checksum = expected.digest('hex')

function body(): Readable {
  return Readable.from(
    (function* () {
      for (let i = 0; i < mib; i++) yield block
    })(),
    { objectMode: false, highWaterMark: block.length },
  )
}

/** Takes a body at its pace. @returns its checksum */
async function takeSlowly(message: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  const startedMs = performance.now()
  let taken = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    hash.update(chunk)
    taken += chunk.length
    while (taken > ((performance.now() - startedMs) / 1_000) * BYTES_PER_SECOND)
      await sleep(TICK_MS)
  }
  return hash.digest('hex')
}

const upstream = createServer((incoming, response) => {
  if (incoming.method === 'GET' && incoming.url === '/large') {
    response.setHeader('content-length', mib * block.length)
    pipeline(body(), response).catch(() => response.destroy())
    return
  }
  takeSlowly(incoming).then(
    (sum) => response.end(sum),
    () => response.destroy(),
  )
})
await once(upstream.listen(0, '127.0.0.1'), 'listening')
const directory = mkdtempSync(join(tmpdir(), 'sidekey-large-'))
const [port = 0, adminPort = 0] = await freePorts(2)
const upstreamPort = (upstream.address() as AddressInfo).port
const origin = `http://127.0.0.1:${upstreamPort}`
const sidekey = new Process(
  contender.launch({
    port,
    adminPort,
    directory,
    upstream: { tls: false, port: upstreamPort, origin, caFile: '' },
    header: 'X-Api-Key',
    secrets: SECRETS,
    routes: 1,
    rotateAt: null,
  }),
  'proxy',
)
while ((await ask('GET', '/small').catch(() => null)) === null) await sleep(50)
await sleep(1_000)

const idleMb = sidekey.residentMb()
let mostMb = idleMb
const sampling = setInterval(() => (mostMb = Math.max(mostMb, sidekey.residentMb())), 100)
const startedMs = performance.now()
const numbers = Array.from({ length: each })
const sums = await Promise.all([
  ...numbers.map(() => ask('GET', '/large')),
  ...numbers.map(() => ask('POST', '/large')),
]).catch((error: unknown) => [String(error)])
const seconds = (performance.now() - startedMs) / 1_000
clearInterval(sampling)
await sidekey.stop()
upstream.close()
rmSync(directory, { recursive: true, force: true })

const whole = sums.filter((sum) => sum === checksum).length
const grownMib = ((mostMb - idleMb) * 1e6) / 1024 / 1024
const told =
  `${whole} of ${2 * each} bodies of ${mib} MiB arrived whole in ${seconds.toFixed(0)} s; resident ` +
  `${idleMb.toFixed(0)} MB before, ${mostMb.toFixed(0)} MB at most, +${grownMib.toFixed(0)} MiB`
const isWhole = whole === 2 * each
console.log(values.json ? JSON.stringify({ isWhole, grownMib, told }) : told)
process.exitCode = isWhole && grownMib <= GROWTH_MAX_MIB ? 0 : 1

/** Sends one request through Sidekey. @returns the checksum that the reader of the body has computed */
async function ask(method: 'GET' | 'POST', path: string): Promise<string> {
  const sent = request({
    host: '127.0.0.1',
    port,
    method,
    path: `${routePrefix(0)}${path}`,
    agent: false,
    headers: method === 'POST' ? { 'content-length': mib * block.length } : {},
  })
  const answered = once(sent, 'response') as Promise<[IncomingMessage]>
  const sending = method === 'POST' ? pipeline(body(), sent) : Promise.resolve(sent.end())
  const [[response]] = await Promise.all([answered, sending])
  if (method === 'GET') return takeSlowly(response)
  return (await response.setEncoding('latin1').toArray()).join('')
}
