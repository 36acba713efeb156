import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { Bench, S1, S2 } from '../proxy/bench.ts'
import { EchoServer, frame } from './echo-server.ts'

let bench: Bench
let server: EchoServer
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server.stop()
  await bench.stop()
})

async function start(
  accepts: readonly string[],
  options: Parameters<typeof Bench.start>[0] = {},
  greeting?: Buffer,
): Promise<void> {
  server = new EchoServer(accepts, greeting)
  bench = await Bench.start({ ...options, origin: await server.start() })
}

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const handshake = (path = '/partner/chat', fields = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n` +
  `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n${fields}\r\n`

/** A raw client; resolves with its socket when the head of the answer is there. */
async function open(text: string): Promise<{ socket: Socket; head: string }> {
  const socket = connect({ port: bench.port, host: '127.0.0.1', allowHalfOpen: true })
  sockets.push(socket)
  socket.on('error', () => {})
  socket.write(text, 'latin1')
  let head = ''
  while (!head.includes('\r\n\r\n')) {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) await once(socket, 'readable')
    else head += chunk.toString('latin1')
  }
  return { socket, head }
}

function client(path: string): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${bench.port}${path}`)
}

function next(socket: WebSocket, kind: 'open' | 'message' | 'close'): Promise<MessageEvent> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(kind, (event) => resolve(event as MessageEvent), { once: true })
    socket.addEventListener('error', () => reject(new Error('no WebSocket')), { once: true })
  })
}

test('a WebSocket is opened with the secret, and messages pass both ways in order', async () => {
  await start([S1])
  const socket = client('/partner/chat?room=1')
  await next(socket, 'open')
  for (const size of [1, 125, 70_000, 2_000_000]) {
    const text = randomBytes(size / 2 + 1)
      .toString('hex')
      .slice(0, size)
    socket.send(text)
    expect((await next(socket, 'message')).data === text).toBe(true)
  }
  socket.close(1000)
  const closed = (await next(socket, 'close')) as unknown as CloseEvent
  expect([closed.code, closed.wasClean]).toEqual([1000, true])
  const [seen] = server.handshakes
  expect([seen?.url, seen?.headers['x-api-key']]).toEqual(['/chat?room=1', S1])
  await expect.poll(() => bench.telemetry.count('webSocket partner ended')).toBe(1)
  expect(bench.telemetry.count('webSocket partner opened')).toBe(1)
  expect(bench.telemetry.count('request partner success')).toBe(1)
})

test('a handshake that is refused falls back to the other version, once', async () => {
  await start([S2])
  const socket = client('/partner/chat')
  await next(socket, 'open')
  expect(server.handshakes.map(({ headers }) => headers['x-api-key'])).toEqual([S1, S2])
  expect(bench.telemetry.count('fallback partner succeeded')).toBe(1)
  socket.close()
  await next(socket, 'close')
})

test('a handshake that both versions are refused for gets the answer of the upstream', async () => {
  await start([])
  const text = await bench.raw(handshake())
  expect(text).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
  expect(text).toMatch(/Connection: close\r\n/)
  expect(text).toMatch(/\r\n\r\nrefused$/)
  expect(server.handshakes).toHaveLength(2)
  expect(bench.telemetry.count('webSocket partner opened')).toBe(0)
})

test('what comes with the heads, on both sides, is not lost', async () => {
  await start([S1], {}, frame(1, 'hello'))
  const { socket, head } = await open(`${handshake()}${maskedText('early')}`)
  let received = Buffer.from(head.slice(head.indexOf('\r\n\r\n') + 4), 'latin1')
  const wanted = Buffer.concat([frame(1, 'hello'), frame(1, 'early')])
  while (received.length < wanted.length) {
    const chunk: Buffer | null = socket.read()
    if (chunk === null) await once(socket, 'readable')
    else received = Buffer.concat([received, chunk])
  }
  expect(received).toEqual(wanted)
})

function maskedText(text: string): string {
  const head = Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0])
  return Buffer.concat([head, Buffer.from(text)]).toString('latin1')
}

test('each direction ends by itself', async () => {
  await start([S1])
  const { socket } = await open(handshake())
  await expect.poll(() => server.sockets.length).toBe(1)
  const [upstream] = server.sockets
  upstream?.removeAllListeners('end')
  const ended = once(upstream as Socket, 'end')
  socket.end(Buffer.from(maskedText('last'), 'latin1'))
  await ended
  // The client has said its last; the upstream has not.
  upstream?.end(frame(1, 'afterwards'))
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  expect(Buffer.concat(chunks)).toEqual(Buffer.concat([frame(1, 'last'), frame(1, 'afterwards')]))
  await expect.poll(() => bench.telemetry.count('webSocket partner ended')).toBe(1)
})

test('a client that goes away takes the upstream with it, and the other way round', async () => {
  await start([S1])
  const first = await open(handshake())
  await expect.poll(() => server.sockets.length).toBe(1)
  const gone = once(server.sockets[0] as Socket, 'close')
  first.socket.resetAndDestroy()
  await gone
  const second = await open(handshake())
  await expect.poll(() => server.sockets.length).toBe(2)
  const closed = once(second.socket, 'close')
  second.socket.resume()
  second.socket.once('end', () => second.socket.end())
  server.sockets[1]?.resetAndDestroy()
  await closed
})

test('a client that goes away within the handshake ends it upstream', async () => {
  server = new EchoServer([])
  await server.start()
  const seen = Promise.withResolvers<Socket>()
  const silent = (await import('node:net')).createServer((socket) => {
    socket.once('data', () => seen.resolve(socket))
  })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as { port: number }
  bench = await Bench.start({ origin: `http://127.0.0.1:${port}` })
  const socket = connect(bench.port, '127.0.0.1')
  sockets.push(socket)
  socket.write(handshake())
  const upstream = await seen.promise
  const closed = once(upstream, 'close')
  upstream.resume()
  socket.end()
  await closed
  await expect.poll(() => bench.telemetry.count('request partner client-aborted')).toBe(1)
  silent.close()
})

test('a client that does not read holds the upstream back', async () => {
  await start([S1])
  const { socket } = await open(handshake())
  await expect.poll(() => server.sockets.length).toBe(1)
  const [upstream] = server.sockets
  const total = 64 * 1024 * 1024
  let written = 0
  const chunk = frame(2, Buffer.alloc(64 * 1024))
  const more = (): void => {
    while (written < total) {
      written += chunk.length
      if (upstream?.write(chunk) === false) return void upstream.once('drain', more)
    }
    upstream?.end()
  }
  more()
  let before = -1
  await expect
    .poll(
      () => {
        const still = written === before
        before = written
        return still
      },
      { interval: 200 },
    )
    .toBe(true)
  expect(written).toBeLessThan(total / 2)
  let received = 0
  socket.on('data', (data) => (received += data.length))
  await once(socket, 'end')
  expect(received).toBe(written)
})

test.each([
  ['a path that is not allowed', '/partner/other', '', 403],
  ['no client token', '/partner/chat', '', 407],
  ['a web page', '/partner/chat', 'Origin: https://evil.example\r\n', 403],
  ['no route', '/nobody/chat', '', 404],
] as const)('T33: with %s the handshake is refused, 0U', async (name, path, fields, status) => {
  const token = new SecretValue('f00d'.repeat(16))
  const clients = name === 'no client token' ? [{ name: 'app', token, routes: null }] : []
  await start([S1], {
    route: { allow: [{ methods: ['GET'], paths: ['/chat'] }] },
    config: { clients },
  })
  const text = await bench.raw(handshake(path, fields))
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(server.handshakes).toEqual([])
})

test.each([
  ['a POST', handshake().replace('GET', 'POST'), 501],
  ['HTTP/1.0', handshake().replace('HTTP/1.1', 'HTTP/1.0'), 501],
  ['without Connection', handshake().replace('keep-alive, Upgrade', 'keep-alive'), 501],
  ['with another protocol beside it', handshake().replace('WebSocket', 'WebSocket, h2c'), 501],
  ['with a body', handshake('/partner/chat', 'Content-Length: 2\r\n'), 501],
])('T33: %s it is no handshake', async (_name, text, status) => {
  await start([S1])
  expect(await bench.raw(text, /\r\n\r\n/)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(server.handshakes).toEqual([])
})

test('T33: an offer of h2c is not taken, and not passed on', async () => {
  await start([S1])
  const text = await bench.raw(
    'GET /partner/x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    /plain/,
  )
  expect(text).toMatch(/^HTTP\/1\.1 426 /)
})

test.each([
  ['another protocol', 'Connection: Upgrade\r\nUpgrade: chess\r\n'],
  ['none', ''],
])('T33: a 101 that names %s is a 502', async (_name, fields) => {
  server = new EchoServer([])
  await server.start()
  const { createServer } = await import('node:net')
  const liar = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write(`HTTP/1.1 101 Switching\r\n${fields}\r\nEVIL`))
  })
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve))
  const { port } = liar.address() as { port: number }
  bench = await Bench.start({ origin: `http://127.0.0.1:${port}` })
  const text = await bench.raw(handshake())
  expect(text).toMatch(/^HTTP\/1\.1 502 /)
  expect(text).not.toContain('EVIL')
  liar.close()
})

test('the secret does not come back in the head of a 101', async () => {
  server = new EchoServer([])
  await server.start()
  const { createServer } = await import('node:net')
  const echo = createServer((socket) => {
    socket.once('data', () =>
      socket.write(
        `HTTP/1.1 101 ok ${S1}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Echo: ${S1}\r\n\r\n`,
      ),
    )
  })
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
  const { port } = echo.address() as { port: number }
  bench = await Bench.start({ origin: `http://127.0.0.1:${port}` })
  const { head } = await open(handshake())
  expect(head).toMatch(/^HTTP\/1\.1 101 /)
  expect(head).not.toContain(S1)
  echo.close()
})

test('more than 1,000 at once are told to come back later, and make room when they end', async () => {
  await start([S1])
  const opened: Socket[] = []
  for (let batch = 0; batch < 10; batch++) {
    const some = await Promise.all(Array.from({ length: 100 }, () => open(handshake())))
    opened.push(...some.map(({ socket }) => socket))
  }
  expect(await bench.raw(handshake())).toMatch(/^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n/)
  expect((await bench.send({})).status).toBe(426)
  for (const socket of opened) socket.destroy()
  await expect.poll(() => bench.telemetry.count('webSocket partner ended')).toBe(1000)
  expect((await open(handshake())).head).toMatch(/^HTTP\/1\.1 101 /)
})

test('a stop ends WebSockets that are idle, and cuts the others when its time is over', async () => {
  await start([S1])
  const { socket } = await open(handshake())
  socket.resume()
  socket.once('end', () => socket.end())
  const closed = once(socket, 'close')
  let stopped = false
  const stopping = bench.plane.stop(25_000).then(() => (stopped = true))
  await closed
  const clock = bench.clock
  while (!stopped) {
    await clock.advance(500)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await stopping
})
