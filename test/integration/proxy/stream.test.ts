import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { Bench } from './bench.ts'

let bench: Bench
let upstream: Server | null = null
afterEach(async () => {
  await bench.stop()
  upstream?.close()
  upstream = null
})

/** An upstream that answers every request head with these bytes, and says when it wrote them. */
async function rawUpstream(answer: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      if (data.includes('\r\n\r\n')) answer(socket)
    })
  })
  upstream = server
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const OK = 'HTTP/1.1 200 OK\r\n'

test.each([
  ['CL and TE', `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['two lengths', `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nab`],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nab'],
  ['a folded field', `${OK}X-A: b\r\n c\r\nContent-Length: 2\r\n\r\nab`],
  ['NUL in a field', `${OK}X-A: b\0c\r\nContent-Length: 2\r\n\r\nab`],
  [
    'an unrequested 101',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
  ],
  ['garbage', 'garbage\r\n\r\n'],
  ['a head of 200 KB', `${OK}X-A: ${'x'.repeat(200_000)}\r\n\r\n`],
  ['a bad status line', 'HTTP/1.1 abc\r\n\r\n'],
  ['a bad chunk size as first byte of no head', 'HTTP/9.9 200 OK\r\n\r\n'],
])('row 44: an upstream that answers with %s is a 502', async (_name, bytes) => {
  bench = await Bench.start({
    origin: await rawUpstream((socket) => socket.write(bytes, 'latin1')),
  })
  const answer = await bench.send({ method: 'POST', body: 'a' })
  expect(answer.status).toBe(502)
  expect(String(answer.headers['sidekey-error'])).toMatch(/^upstream-/)
})

test.each([
  ['a length that is not reached', `${OK}Content-Length: 10\r\n\r\nabc`],
  ['chunks without the last one', `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`],
])('row 44: a truncated answer is cut at the client too: %s', async (_name, bytes) => {
  bench = await Bench.start({ origin: await rawUpstream((socket) => socket.end(bytes)) })
  const text = await bench.raw('GET /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect(text).not.toMatch(/\r\n0\r\n\r\n$/)
  expect(text.startsWith('HTTP/1.1 502') || !text.includes('abcd')).toBe(true)
  expect(bench.telemetry.count('request partner upstream-error')).toBe(1)
})

test('row 44: surplus bytes never reach the next request', async () => {
  let answers = 0
  const origin = await rawUpstream((socket) => {
    answers++
    socket.write(`${OK}Content-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL`)
  })
  bench = await Bench.start({ origin })
  expect((await bench.send({})).body.toString()).toBe('ab')
  expect((await bench.send({})).body.toString()).toBe('ab')
  expect(answers).toBe(2)
})

test('row 44: an interim answer is dropped', async () => {
  const bytes = `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 2\r\n\r\nab`
  bench = await Bench.start({ origin: await rawUpstream((socket) => socket.write(bytes)) })
  const text = await bench.raw(
    'GET /partner/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  )
  expect(text.startsWith('HTTP/1.1 200')).toBe(true)
})

test('row 45: an encoded body is passed on untouched', async () => {
  const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024))
  bench = await Bench.start({
    endpoint: { authFailure: [{ status: 200, json: '/status', in: ['4'] }] },
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      response.end(bomb)
    },
  })
  const answer = await bench.send({})
  expect(answer.body.equals(bomb)).toBe(true)
  expect(bench.upstream.requests).toHaveLength(1)
})

test('large bodies pass both ways unchanged', async () => {
  const body = randomBytes(8 * 1024 * 1024)
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  bench = await Bench.start({ answer: (request, response) => response.end(request.body) })
  const answer = await bench.send({ method: 'POST', body })
  expect(digest(answer.body)).toBe(digest(body))
})

/** Asks for an answer and reads it to its end, from when `mayRead` has resolved. */
async function download(path: string, mayRead: Promise<unknown>): Promise<string> {
  const asked = httpRequest({ port: bench.port, path, agent: false }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  await mayRead
  const hash = createHash('sha256')
  for await (const chunk of response) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

test.each(['a length', 'chunks'])(
  'large answers with %s arrive unchanged at clients that wait and at others meanwhile',
  async (framing) => {
    // More than the buffers of two sockets hold.
    const bodies = Array.from({ length: 4 }, () => randomBytes(24 * 1024 * 1024))
    bench = await Bench.start({
      answer: (request, response) => {
        const body = bodies[Number(request.target.slice(1))] ?? Buffer.alloc(0)
        if (framing === 'a length') response.setHeader('content-length', body.length)
        response.end(body)
      },
    })
    const [path, now] = [(index: number) => `/partner/${index}`, Promise.resolve()]
    const others = Promise.all([2, 3].map((index) => download(path(index), now)))
    const waiting = Promise.all([0, 1].map((index) => download(path(index), others)))
    const received = [...(await waiting), ...(await others)]
    expect(received).toEqual(bodies.map((body) => createHash('sha256').update(body).digest('hex')))
  },
)

test('an upload whose length is not known is streamed in chunks', async () => {
  bench = await Bench.start({ config: { replayBodyMaxBytes: 1000 } })
  const request = httpRequest({ port: bench.port, path: '/partner/x', method: 'POST' })
  for (let part = 0; part < 10; part++) request.write(Buffer.alloc(50_000, part))
  request.end()
  const [response] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }]
  response.resume()
  expect(response.statusCode).toBe(200)
  expect(bench.upstream.requests[0]?.body).toHaveLength(500_000)
  expect(bench.upstream.requests[0]?.values('transfer-encoding')).toEqual(['chunked'])
})

test('a slow upload holds no upstream connection until its first 64 KiB', async () => {
  bench = await Bench.start({ config: { replayBodyMaxBytes: 1000 } })
  const socket = connect(bench.port, '127.0.0.1')
  socket.write('POST /partner/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n')
  socket.write(Buffer.alloc(30_000))
  await bench.send({})
  // The other request has opened the only connection.
  expect(bench.upstream.connections).toBe(1)
  socket.destroy()
})

test('a client that goes away ends its request upstream', async () => {
  const gone = Promise.withResolvers<void>()
  bench = await Bench.start({
    answer: (_request, response) => {
      response.write('first')
      response.on('close', () => gone.resolve())
    },
  })
  await bench.raw('GET /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n', /first/)
  await gone.promise
  await expect.poll(() => bench.telemetry.count('request partner client-aborted')).toBe(1)
})

test('a client that goes away before the answer ends its request upstream', async () => {
  const started = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  bench = await Bench.start({
    answer: (_request, response) => {
      response.on('close', () => gone.resolve())
      started.resolve()
    },
  })
  const socket = connect(bench.port, '127.0.0.1')
  socket.write('GET /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await started.promise
  socket.destroy()
  await gone.promise
  await expect.poll(() => bench.telemetry.count('request partner client-aborted')).toBe(1)
})

test('a client that does not read holds the upstream back', async () => {
  const total = 64 * 1024 * 1024
  let written = 0
  bench = await Bench.start({
    answer: (_request, response) => {
      const chunk = Buffer.alloc(64 * 1024)
      const more = (): void => {
        while (written < total) {
          written += chunk.length
          if (!response.write(chunk)) {
            response.once('drain', more)
            return
          }
        }
        response.end()
      }
      more()
    },
  })
  const socket = connect(bench.port, '127.0.0.1')
  socket.pause()
  socket.write('GET /partner/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  // The buffers of three sockets fill up, and then nothing moves.
  let before = -1
  await expect
    .poll(
      () => {
        const still = written > 0 && written === before
        before = written
        return still
      },
      { interval: 200 },
    )
    .toBe(true)
  expect(written).toBeLessThan(total / 2)
  let received = 0
  socket.on('data', (data) => {
    received += data.length
  })
  socket.resume()
  await once(socket, 'close')
  expect(received).toBeGreaterThan(total)
})

test('the first bytes of a slow answer arrive before its end', async () => {
  let finish: () => void = () => {}
  bench = await Bench.start({
    answer: (_request, response) => {
      response.write('data: 1\n\n')
      finish = () => response.end()
    },
  })
  const text = await bench.raw('GET /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n', /data: 1/)
  finish()
  expect(text).toContain('data: 1')
})

test('an upstream that is not there is a 502, one that does not answer a 504', async () => {
  bench = await Bench.start({ origin: 'http://127.0.0.1:1' })
  expect((await bench.send({})).status).toBe(502)
  await bench.stop()
  const origin = await rawUpstream(() => {})
  bench = await Bench.start({ origin, config: { upstream: { headersTimeoutMs: 50 } } })
  const answer = await bench.send({ method: 'POST', body: 'a' })
  expect(answer.status).toBe(504)
  expect(answer.headers['sidekey-error']).toBe('upstream-timeout')
})
