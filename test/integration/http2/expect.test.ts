import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { ServerHttp2Stream } from 'node:http2'
import { Bench, S2 } from '../proxy/bench.ts'
import { tlsFile, Upstream2 } from './upstream2.ts'

let bench: Bench
let upstream: Upstream2
let client: Socket
afterEach(async () => {
  client.destroy()
  await bench.stop()
  await upstream.stop()
})

/** Above it, bodies are not held, and are left to the client until the upstream wants them. */
const HELD_MAX = 10
const BODY = 'x'.repeat(HELD_MAX * 2)

/** A client that sends a body only when it is asked for it, and all that it reads. */
async function start(limits: { readonly bodyTimeoutMs?: number } = {}) {
  upstream = new Upstream2()
  const origin = await upstream.start()
  bench = await Bench.start({
    origin,
    route: { upstream: { origin, insecure: false } },
    config: { replayBodyMaxBytes: HELD_MAX, upstream: { ca: tlsFile('ca.pem'), ...limits } },
  })
  client = connect(bench.port, '127.0.0.1')
  let text = ''
  client.on('error', () => {}).on('data', (data: Buffer) => (text += data.toString('latin1')))
  client.write(
    `POST /partner/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${BODY.length}\r\nExpect: 100-continue\r\n\r\n`,
  )
  return async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(text)) await once(client, 'data')
    return text
  }
}

/** The next request's stream, before its body; `mine`: the test answers it. */
function nextStream(mine: boolean): Promise<ServerHttp2Stream> {
  return new Promise((resolve) => {
    upstream.early = (stream, fields) => {
      expect(fields).toContain('100-continue')
      resolve(stream)
      return mine
    }
  })
}

/** The client is asked for its body, and sends it; the upstream gets it once, and its answer reaches the client. */
async function sendsBody(until: (pattern: RegExp) => Promise<string>): Promise<void> {
  expect(await until(/ 100 /)).not.toContain('401')
  client.write(BODY)
  await until(/ 200 [^]*"ok":true/)
  expect(upstream.requests.map(({ body }) => body.toString())).toEqual([BODY])
}

/** The second one is waited for, a second long. */
const UPSTREAMS = ['that asks for it', 'that does not know the expectation'] as const

test.each(UPSTREAMS)('an HTTP/2 upstream %s gets the body that is held back', async (kind) => {
  const until = await start()
  const stream = await nextStream(false)
  if (kind === 'that asks for it') stream.additionalHeaders({ ':status': 100 })
  await sendsBody(until)
})

test('an HTTP/2 upstream that refuses a request is not sent its body', async () => {
  const until = await start()
  const stream = await nextStream(true)
  stream.respond({ ':status': 413 })
  stream.end()
  expect(await until(/^HTTP\/1\.1 413 /)).not.toContain('100')
})

test('an HTTP/2 upstream that falls silent within its answer to a held-back body is given up', async () => {
  const until = await start({ bodyTimeoutMs: 60 })
  const stream = await nextStream(true)
  stream.respond({ ':status': 413 })
  stream.write('x')
  await until(/^HTTP\/1\.1 413 /)
  await once(client, 'close')
})

test.each(UPSTREAMS)(
  'a 401 before the body falls back to the other version, and an HTTP/2 upstream %s gets the body then',
  async (kind) => {
    const until = await start()
    const first = await nextStream(true)
    const second = nextStream(false)
    first.respond({ ':status': 401 })
    first.end()
    const stream = await second
    if (kind === 'that asks for it') stream.additionalHeaders({ ':status': 100 })
    await sendsBody(until)
    expect(upstream.requests[0]?.fields).toContain(S2)
  },
)

test('a 401 whose end comes while the body is on its way to the other version does not hold that up', async () => {
  const until = await start()
  const first = await nextStream(true)
  const second = nextStream(false)
  first.respond({ ':status': 401 })
  const stream = await second
  stream.additionalHeaders({ ':status': 100 })
  await until(/ 100 /)
  const half = BODY.slice(BODY.length / 2)
  client.write(half)
  await once(stream, 'data')
  first.end()
  await once(first, 'close')
  client.write(half)
  await until(/ 200 [^]*"ok":true/)
  expect(upstream.requests.map(({ body }) => body.toString())).toEqual([BODY])
})
