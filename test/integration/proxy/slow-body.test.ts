import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Bench } from './bench.ts'

/** Fewer than there are slow clients. */
const FEW_CONNECTIONS = { upstream: { connectionsMax: 16 } }

let bench: Bench
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await bench.stop()
})

const head = (length: number): string =>
  `POST /partner/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n`

function upload(length: number, beginning: Buffer | string): Socket {
  const socket = connect({ port: bench.port, host: '127.0.0.1' })
  sockets.push(socket)
  socket.on('error', () => {})
  socket.write(head(length))
  socket.write(beginning)
  return socket
}

/** Lets time pass until the connection is closed; what came on it. */
async function wait(socket: Socket): Promise<string> {
  let text = ''
  let closed = false
  socket.on('data', (data) => (text += data.toString('latin1')))
  socket.once('close', () => (closed = true))
  while (!closed) {
    await bench.clock.advance(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return text
}

test('T21: a body that is to be held and does not come is a 408, 0U', async () => {
  bench = await Bench.start({})
  const text = await wait(upload(100, 'abc'))
  expect(text).toMatch(/^HTTP\/1\.1 408 [^]*Sidekey-Error: malformed-request\r\n/)
  expect(bench.upstream.requests).toEqual([])
  expect((await bench.send({})).status).toBe(200)
})

test('T21: a streaming body that stops coming is a 408, and its connection upstream is closed', async () => {
  bench = await Bench.start({ config: { replayBodyMaxBytes: 1_000 } })
  const socket = upload(1_000_000, Buffer.alloc(100_000))
  await expect.poll(() => bench.upstream.connections).toBe(1)
  expect(await wait(socket)).toMatch(/^HTTP\/1\.1 408 /)
  // What was cut by its own client says nothing about the upstream.
  expect(bench.telemetry.count('request partner refused')).toBe(1)
  expect(bench.telemetry.count('request partner upstream-error')).toBe(0)
})

test('T21: slow bodies, however many, leave the connections of others alone', async () => {
  bench = await Bench.start({ config: { replayBodyMaxBytes: 1_000, ...FEW_CONNECTIONS } })
  // The first request finds out for the others whether the version works.
  await bench.send({})
  for (let i = 0; i < 60; i++) upload(10_000_000, Buffer.alloc(70_000))
  await expect.poll(() => bench.upstream.connections, { timeout: 5_000 }).toBe(61)
  for (const method of ['GET', 'POST']) expect((await bench.send({ method })).status).toBe(200)
})

test('a slow upstream is not taken for a slow client', async () => {
  bench = await Bench.start({ config: { replayBodyMaxBytes: 1_000 } })
  const { createServer } = await import('node:net')
  const held: Socket[] = []
  const server = createServer((socket) => {
    held.push(socket)
    socket.on('error', () => {})
    socket.pause()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await bench.stop()
  const { port } = server.address() as { port: number }
  bench = await Bench.start({
    origin: `http://127.0.0.1:${port}`,
    config: { replayBodyMaxBytes: 1_000 },
  })
  const size = 32 * 1024 * 1024
  const socket = upload(size, Buffer.alloc(size))
  // Everything between the two is full, and nothing moves.
  let before = -1
  await expect
    .poll(
      () => {
        const still = socket.bytesWritten > 0 && socket.writableLength === before
        before = socket.writableLength
        return still && held.length === 1
      },
      { interval: 200 },
    )
    .toBe(true)
  await bench.clock.advance(600_000)
  let received = 0
  const [upstream] = held
  upstream?.on('data', (data) => {
    received += data.length
    if (received > size) upstream.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })
  upstream?.resume()
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /)
  server.close()
})

test('T21: slow readers, however many, leave the connections of others alone', async () => {
  const large = Buffer.alloc(8 * 1024 * 1024)
  bench = await Bench.start({
    config: FEW_CONNECTIONS,
    answer: (request, response) => {
      if (request.target === '/large') response.end(large)
      else response.end('small')
    },
  })
  await bench.send({})
  for (let i = 0; i < 60; i++) {
    const socket = connect({ port: bench.port, host: '127.0.0.1' })
    sockets.push(socket)
    socket.on('error', () => {})
    socket.pause()
    socket.write('GET /partner/large HTTP/1.1\r\nHost: localhost\r\n\r\n')
  }
  await expect.poll(() => bench.upstream.requests.length, { timeout: 50_000 }).toBe(61)
  for (const method of ['GET', 'PUT', 'POST']) {
    expect((await bench.send({ method })).body.toString()).toBe('small')
  }
})
