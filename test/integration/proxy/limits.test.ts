import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { Bench } from './bench.ts'

let bench: Bench
let server: Server | null = null
afterEach(async () => {
  await bench.stop()
  server?.close()
  server = null
})

/** An upstream that a test plays itself. */
async function rawUpstream(accepted: (socket: Socket) => void): Promise<string> {
  const listening = createServer((socket) => {
    socket.on('error', () => {})
    accepted(socket)
  })
  server = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
}

const CHUNK = `${(70_000).toString(16)}\r\n${'x'.repeat(70_000)}\r\n`

test.each([
  ['0x2', '0x2\r\naa\r\n0\r\n\r\n'],
  ['17 hexadecimal digits', `${'f'.repeat(17)}\r\naa\r\n0\r\n\r\n`],
  ['an extension with a bare LF', '1;a=\nb\r\na\r\n0\r\n\r\n'],
  ['an extension of 20 KiB', `1;a=${'x'.repeat(20_480)}\r\na\r\n0\r\n\r\n`],
  ['trailers of 20 KiB', `0\r\nX-T: ${'x'.repeat(20_480)}\r\n\r\n`],
  ['no CRLF behind its bytes', '1\r\naXX0\r\n\r\n'],
  ['a negative size', '-1\r\na\r\n0\r\n\r\n'],
  ['a bare LF behind the size', '1\na\r\n0\r\n\r\n'],
])('row 21: %s within a streaming body is a 400 or 413, and cut upstream', async (_name, rest) => {
  let received = ''
  const closed = Promise.withResolvers<void>()
  const origin = await rawUpstream((socket) => {
    socket.on('data', (data) => (received += data.toString('latin1')))
    socket.once('close', () => closed.resolve())
  })
  bench = await Bench.start({ origin, config: { replayBodyMaxBytes: 10 } })
  const socket = connect(bench.port, '127.0.0.1')
  let text = ''
  socket.on('data', (data) => (text += data.toString('latin1')))
  socket.write(
    `POST /partner/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNK}`,
  )
  await expect.poll(() => received.length).toBeGreaterThan(70_000)
  const answered = once(socket, 'close')
  socket.write(rest)
  await Promise.all([answered, closed.promise])
  expect(text).toMatch(/^HTTP\/1\.1 4(00|13) /)
  expect(received).toContain('transfer-encoding: chunked')
  // Whatever of it has come, its end has not.
  expect(received).not.toMatch(/\r\n0\r\n/)
})

test('row 27: what is just within the limits arrives whole', async () => {
  bench = await Bench.start({})
  const target = `/partner/${'x'.repeat(8_192 - '/partner/'.length)}`
  // Host is one of them.
  const fields = Array.from({ length: 99 }, (_, i) => `X-${i}: ${i}\r\n`).join('')
  await bench.raw(
    `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\nGET /partner/a HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n` +
      `GET /partner/b HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'y'.repeat(15_000)}\r\n\r\n`,
    /(HTTP\/1\.1 200[^]*){3}\}$/,
  )
  const [long, many, large] = bench.upstream.requests
  expect(long?.target).toBe(target.slice('/partner'.length))
  for (let i = 0; i < 99; i++) expect(many?.values(`x-${i}`)).toEqual([String(i)])
  expect(large?.values('x-long')[0]).toHaveLength(15_000)
})

test('row 45: a gzip of 2,000 layers is not opened', async () => {
  const coding = Array.from({ length: 2_000 }, () => 'gzip').join(', ')
  const body = gzipSync('{"status":"4"}')
  bench = await Bench.start({
    endpoint: { authFailure: [{ status: 200, json: '/status', in: ['4'] }] },
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding })
      response.end(body)
    },
  })
  const bytes = await new Promise<string>((resolve) => {
    const socket = connect(bench.port, '127.0.0.1')
    let text = ''
    socket.on('data', (data) => (text += data.toString('latin1')))
    socket.once('close', () => resolve(text))
    socket.write('GET /partner/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  })
  expect(bytes).toContain(coding)
  expect(bytes).toContain(body.toString('latin1'))
  expect(bench.upstream.requests).toHaveLength(1)
})

test.each([
  ['10 MiB that open to 10 GiB', 1_024],
  ['60 KB that open to 60 MB', 6],
])('row 45: a bomb of %s passes untouched', async (_name, members) => {
  const member = gzipSync(Buffer.alloc(10 * 1024 * 1024))
  bench = await Bench.start({
    endpoint: { authFailure: [{ status: 200, json: '/status', in: ['4'] }] },
    answer: (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      for (let i = 0; i < members; i++) response.write(member)
      response.end()
    },
  })
  const { body } = await bench.send({})
  expect(body).toHaveLength(members * member.length)
  for (let i = 0; i < members; i++) {
    const part = body.subarray(i * member.length, (i + 1) * member.length)
    if (!part.equals(member)) throw new Error(`member ${i} has changed`)
  }
})

test.each([
  ['a length', 'Content-Length: 10\r\n\r\nabc'],
  ['chunks', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
])(
  'row 44: a client that has the beginning of an answer with %s learns of its cut',
  async (_name, rest) => {
    const upstream = Promise.withResolvers<Socket>()
    const origin = await rawUpstream((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\n${rest}`)
        upstream.resolve(socket)
      })
    })
    bench = await Bench.start({ origin })
    const socket = connect(bench.port, '127.0.0.1')
    socket.write('GET /partner/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
    let text = ''
    socket.on('data', (data) => (text += data.toString('latin1')))
    const sent = await upstream.promise
    while (!text.includes('abc')) await once(socket, 'data')
    const closed = once(socket, 'close')
    sent.destroy()
    // No time passes on the clock of the proxy: it is the cut itself that is passed on.
    await closed
    expect(text).not.toMatch(/\r\n0\r\n\r\n$/)
    expect(bench.telemetry.count('request partner upstream-error')).toBe(1)
  },
)
