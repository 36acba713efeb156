import { constants, type ServerHttp2Stream } from 'node:http2'
import { afterEach, expect, test } from 'vitest'
import { Bench, S1, S2 } from '../proxy/bench.ts'
import { valueOf } from './http2-world.ts'
import { tlsFile, Upstream2 } from './upstream2.ts'

const { NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants

let bench: Bench
let upstream: Upstream2
afterEach(async () => {
  await bench.stop()
  await upstream.stop()
})

async function start(
  made = new Upstream2(),
  times: { readonly headersTimeoutMs?: number; readonly bodyTimeoutMs?: number } = {},
): Promise<void> {
  upstream = made
  const origin = await upstream.start()
  bench = await Bench.start({
    origin,
    route: { upstream: { origin, insecure: false } },
    config: { upstream: { ca: tlsFile('ca.pem'), ...times } },
  })
}

test('what the upstream refuses to process is sent again, whatever its method', async () => {
  await start()
  let refusals = 0
  upstream.early = (stream) => {
    if (refusals === 1) return false
    refusals++
    stream.close(NGHTTP2_REFUSED_STREAM)
    return true
  }
  const answer = await bench.send({ method: 'POST', body: 'once' })
  expect(answer.status).toBe(200)
  expect(upstream.requests.map(({ body }) => body.toString())).toEqual(['once'])
})

test('what may have been processed is not: neither after a reset nor after a lost connection', async () => {
  await start()
  await bench.send({})
  for (const end of [
    (stream: ServerHttp2Stream) => stream.close(NGHTTP2_INTERNAL_ERROR),
    (stream: ServerHttp2Stream) => stream.session?.destroy(),
  ]) {
    const before = upstream.requests.length
    upstream.answer = (_seen, stream) => end(stream)
    expect((await bench.send({ method: 'POST', body: 'x' })).status).toBe(502)
    expect(upstream.requests.length).toBe(before + 1)
  }
})

test('a GET is sent once more when its connection is lost', async () => {
  await start()
  upstream.answer = (_seen, stream) => {
    if (upstream.requests.length === 1) return stream.session?.destroy()
    stream.respond({ ':status': 200 })
    stream.end()
  }
  expect((await bench.send({})).status).toBe(200)
  expect(upstream.requests).toHaveLength(2)
  expect(upstream.sessions).toHaveLength(2)
})

test('connections that the upstream lets go lose no request, of any method', async () => {
  await start()
  let served = 0
  upstream.answer = ({ body }, stream) => {
    if (++served % 20 === 0) stream.session?.close()
    stream.respond({ ':status': 200 })
    stream.end(body)
  }
  const answers = await Promise.all(
    Array.from({ length: 10 }, async (_, lane) => {
      const codes: number[] = []
      for (let i = 0; i < 40; i++) {
        const { status, body } = await bench.send({ method: 'POST', body: `${lane} ${i}` })
        codes.push(body.toString() === `${lane} ${i}` ? status : 0)
      }
      return codes
    }),
  )
  expect(answers.flat().filter((code) => code !== 200)).toEqual([])
  expect(new Set(upstream.requests.map(({ body }) => body.toString())).size).toBe(400)
  expect(upstream.requests).toHaveLength(400)
  expect(upstream.sessions.length).toBeGreaterThan(10)
})

test('a connection that was silent is asked whether it is there before a POST goes on it', async () => {
  await start()
  await bench.send({})
  let pings = 0
  upstream.sessions[0]?.on('ping', () => pings++)
  expect((await bench.send({ method: 'POST', body: 'x' })).status).toBe(200)
  expect(pings).toBe(0)
  await bench.clock.advance(2_000)
  const answers = await Promise.all(
    ['a', 'b', 'c'].map((body) => bench.send({ method: 'POST', body })),
  )
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(pings).toBe(1)
  expect((await bench.send({ method: 'POST', body: 'x' })).status).toBe(200)
  expect(pings).toBe(1)
  expect(upstream.sessions).toHaveLength(1)
})

test('a POST that waits on a connection that is gone goes on another one', async () => {
  await start()
  await bench.send({})
  await bench.clock.advance(2_000)
  upstream.sessions[0]?.on('ping', () => upstream.sessions[0]?.destroy())
  const answer = await bench.send({ method: 'POST', body: 'x' })
  expect(answer.status).toBe(200)
  expect(upstream.requests).toHaveLength(2)
  expect(upstream.sessions).toHaveLength(2)
})

test('more requests at once than the upstream takes go on another connection, or wait', async () => {
  await start(new Upstream2({ settings: { maxConcurrentStreams: 5 } }))
  await bench.send({})
  const held: ServerHttp2Stream[] = []
  upstream.answer = (_seen, stream) => void held.push(stream)
  const answers = Array.from({ length: 100 }, () => bench.send({ method: 'POST', body: 'x' }))
  const openOn = (session: unknown): number =>
    held.filter((stream) => stream.session === session && !stream.closed).length
  while (held.length < 5 * 16) await new Promise((resolve) => setImmediate(resolve))
  expect(upstream.sessions).toHaveLength(16)
  expect(upstream.sessions.map(openOn)).toEqual(Array.from({ length: 16 }, () => 5))
  upstream.answer = (_seen, stream) => {
    stream.respond({ ':status': 200 })
    stream.end()
  }
  for (const stream of held) {
    stream.respond({ ':status': 200 })
    stream.end()
  }
  expect((await Promise.all(answers)).filter(({ status }) => status !== 200)).toEqual([])
})

test('an answer that does not begin in time is a 504, and the request is cancelled', async () => {
  await start(new Upstream2(), { headersTimeoutMs: 60 })
  const reset = new Promise((resolve) => {
    upstream.answer = (_seen, stream) => stream.on('close', () => resolve(stream.rstCode))
  })
  expect((await bench.send({})).status).toBe(504)
  expect(await reset).toBe(8)
  upstream.answer = (_seen, stream) => {
    stream.respond({ ':status': 200 })
    stream.end()
  }
  expect((await bench.send({})).status).toBe(200)
  expect(upstream.sessions).toHaveLength(1)
})

test('row 44: an answer longer than it says is cut', async () => {
  await start()
  upstream.answer = (_seen, stream) => {
    stream.respond({ ':status': 200, 'content-length': '3' })
    stream.end('too long')
  }
  const answer = await bench.send({}).catch(() => null)
  expect(answer?.body.toString() ?? '').not.toContain('too long')
})

test('row 44: an answer cut with "no error" is cut for the client too', async () => {
  await start()
  upstream.answer = (_seen, stream) => {
    stream.respond({ ':status': 200, 'content-length': '100' })
    stream.write('begin')
    setImmediate(() => stream.close(NGHTTP2_NO_ERROR))
  }
  await expect(bench.send({})).rejects.toThrow()
})

test('answers that come in one piece with their heads are whole, thousands of them', async () => {
  await start(new Upstream2({ allowHTTP1: true }))
  upstream.early = (stream) => {
    stream.resume()
    stream.respond({ ':status': 200, 'content-length': 5 })
    stream.end('hello')
    return true
  }
  const lane = async (): Promise<number> => {
    let whole = 0
    for (let i = 0; i < 60; i++) whole += (await bench.send({})).body.toString() === 'hello' ? 1 : 0
    return whole
  }
  const lanes = await Promise.all(Array.from({ length: 32 }, lane))
  expect(lanes).toEqual(Array.from({ length: 32 }, () => 60))
})

test('row 46: 1 MiB is replayed byte for byte', async () => {
  await start()
  upstream.answer = ({ fields, body }, stream) => {
    stream.respond({ ':status': valueOf(fields, 'x-api-key') === S1 ? 401 : 200 })
    stream.end(body)
  }
  const body = Buffer.alloc(1024 * 1024, 'sidekey')
  const answer = await bench.send({ method: 'POST', body })
  expect(answer.body.equals(body)).toBe(true)
  expect(upstream.requests.map(({ fields }) => valueOf(fields, 'x-api-key'))).toEqual([S1, S2])
})

test('connections end with Sidekey', async () => {
  await start()
  await bench.send({})
  await bench.plane.stop(0)
  await new Promise((resolve) => {
    if (upstream.sessions[0]?.destroyed === true) resolve(null)
    else upstream.sessions[0]?.on('close', resolve)
  })
})
