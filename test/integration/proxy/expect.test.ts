import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'
import { Bench, S1, S2 } from './bench.ts'

let bench: Bench
let server: Server | null = null
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await bench.stop()
  server?.close()
  server = null
})

/** What has been read from a connection so far, and a way to wait for more of it. */
class Reader {
  text = ''
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (data: Buffer) => (this.text += data.toString('latin1')))
  }

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) await once(this.#socket, 'data')
    return this.text
  }
}

/** An upstream that a test plays itself; each connection as it comes. */
async function start(
  options: Parameters<typeof Bench.start>[0] = {},
): Promise<() => Promise<{ socket: Socket; read: Reader }>> {
  const accepted: { socket: Socket; read: Reader }[] = []
  const listening = createServer((socket) => {
    accepted.push({ socket, read: new Reader(socket) })
    listening.emit('accepted')
  })
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  bench = await Bench.start({ ...options, origin: `http://127.0.0.1:${port}` })
  return async () => {
    for (;;) {
      const next = accepted.shift()
      if (next !== undefined) return next
      await once(listening, 'accepted')
    }
  }
}

function post(length: number): { socket: Socket; read: Reader } {
  const socket = connect(bench.port, '127.0.0.1')
  socket.write(
    `POST /partner/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`,
  )
  return { socket, read: new Reader(socket) }
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
/** Above it, bodies are not held, and are left to the client until the upstream wants them. */
const SMALL = { config: { replayBodyMaxBytes: 10 } }

test('a body that is to be held is asked for at once, and sent whole', async () => {
  const accept = await start()
  const client = post(5)
  await client.read.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  client.socket.write('hello')
  const upstream = await accept()
  const seen = await upstream.read.until(/hello$/)
  expect(seen).not.toMatch(/expect/i)
  upstream.socket.write(OK)
  await client.read.until(/\r\n\r\nok$/)
})

test('what follows a body that its client has held back is sent on', async () => {
  const accept = await start({
    endpoint: { authFailure: [] },
    versions: new FakeVersionSource('partner', [liveVersion(1, S1)]),
  })
  const socket = connect(bench.port, '127.0.0.1')
  const read = new Reader(socket)
  socket.write(
    'POST /partner/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n',
  )
  const upstream = await accept()
  await upstream.read.until(/\r\n\r\n$/)
  upstream.socket.write('HTTP/1.1 100 Continue\r\n\r\n')
  await read.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  socket.write('2\r\nab\r\n0\r\nX-Sum: 1\r\nX-Api-Key: mine\r\n\r\n')
  expect(await upstream.read.until(/0\r\n[^]*\r\n$/)).toMatch(/ab\r\n0\r\nX-Sum: 1\r\n\r\n$/)
  upstream.socket.write(OK)
  await read.until(/\r\n\r\nok$/)
})

test('a body that is too large to hold is asked for when the upstream asks', async () => {
  const accept = await start(SMALL)
  const client = post(20)
  const upstream = await accept()
  const head = await upstream.read.until(/\r\n\r\n/)
  expect(head).toMatch(/\r\nexpect: 100-continue\r\n/)
  expect(head).toContain(S1)
  // Nothing was said to the client meanwhile.
  expect(client.read.text).toBe('')
  upstream.socket.write('HTTP/1.1 100 Continue\r\n\r\n')
  await client.read.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  client.socket.write('x'.repeat(20))
  await upstream.read.until(/x{20}$/)
  upstream.socket.write(OK)
  expect(await client.read.until(/ok$/)).not.toMatch(/connection: close/i)
})

test.each([417, 413, 403])(
  'a %i before the body is the answer, and no body is asked for',
  async (status) => {
    const accept = await start(SMALL)
    const client = post(20)
    const upstream = await accept()
    await upstream.read.until(/\r\n\r\n/)
    upstream.socket.write(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`)
    const text = await client.read.until(/no$/)
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    // Its body may be on its way all the same, so that the connection can't have another request; nor the upstream's.
    expect(text).toMatch(/\r\nconnection: close\r\n/i)
    await once(upstream.socket, 'close')
  },
)

test('a 401 before the body falls back to the other version, though the body could not be held', async () => {
  const accept = await start(SMALL)
  const client = post(20)
  const first = await accept()
  await first.read.until(/\r\n\r\n/)
  first.socket.write('HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n')
  const second = await accept()
  expect(await second.read.until(/\r\n\r\n/)).toContain(S2)
  expect(client.read.text).toBe('')
  second.socket.write('HTTP/1.1 100 Continue\r\n\r\n')
  await client.read.until(/ 100 /)
  client.socket.write('x'.repeat(20))
  await second.read.until(/x{20}$/)
  second.socket.write(OK)
  await client.read.until(/ok$/)
  expect(bench.telemetry.count('replay partner replayed')).toBe(1)
})

test('an upstream that does not know the expectation gets the body after a second', async () => {
  const accept = await start(SMALL)
  const client = post(20)
  const upstream = await accept()
  await client.read.until(/ 100 /)
  client.socket.write('x'.repeat(20))
  await upstream.read.until(/x{20}$/)
  upstream.socket.write('HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n')
  // The body is gone: no second attempt.
  await client.read.until(/HTTP\/1\.1 401 /)
  expect(bench.telemetry.count('replay partner body-too-large')).toBe(1)
})

test('what Sidekey refuses is refused before the body', async () => {
  await start()
  const socket = connect(bench.port, '127.0.0.1')
  const read = new Reader(socket)
  socket.write(
    'POST /nobody HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n',
  )
  await once(socket, 'close')
  expect(read.text).toMatch(/^HTTP\/1\.1 404 /)
  expect(read.text).not.toContain('100 Continue')
})

test('a client that goes away while its body is awaited ends the request upstream', async () => {
  const accept = await start(SMALL)
  const client = post(20)
  const upstream = await accept()
  await upstream.read.until(/\r\n\r\n/)
  const closed = once(upstream.socket, 'close')
  client.socket.destroy()
  await closed
  await expect.poll(() => bench.telemetry.count('request partner client-aborted')).toBe(1)
})

test('interim answers of any kind are not the answer, in any number', async () => {
  const accept = await start()
  const client = post(5)
  await client.read.until(/ 100 /)
  client.socket.write('hello')
  const upstream = await accept()
  await upstream.read.until(/hello$/)
  for (const status of [100, 102, 103, 199, 100]) {
    upstream.socket.write(`HTTP/1.1 ${status} Wait\r\nX-Interim: ${S1}\r\n\r\n`)
  }
  upstream.socket.write(OK)
  const text = await client.read.until(/ok$/)
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 200'])
  expect(text).not.toContain(S1)
})
