import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Bench } from './bench.ts'

let bench: Bench
let upstream: Server
let connections = 0
afterEach(async () => {
  await bench.stop()
  upstream.close()
})

/** An upstream that answers each request head, in turn, as it is told; `n` counts the requests of a connection. */
const CONNECTIONS_MAX = 16

async function start(answer: (socket: Socket, n: number) => void): Promise<void> {
  connections = 0
  upstream = createServer((socket) => {
    let requests = 0
    connections++
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('data', (data) => {
      if (data.includes('\r\n\r\n')) answer(socket, ++requests)
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const { port } = upstream.address() as AddressInfo
  bench = await Bench.start({
    origin: `http://127.0.0.1:${port}`,
    config: { upstream: { connectionsMax: CONNECTIONS_MAX } },
  })
}

/** Each byte in a packet of its own, as far as the system goes along. */
function writeSlowly(socket: Socket, text: string): void {
  const [first, rest] = [text.slice(0, 1), text.slice(1)]
  socket.write(first, 'latin1', () => {
    if (rest !== '') setImmediate(() => writeSlowly(socket, rest))
  })
}

const OK = 'HTTP/1.1 200 OK\r\n'

test('an answer that comes byte by byte is the same answer', async () => {
  await start((socket) => {
    const fields = 'X-Empty:\r\nX-Word: one two\r\nX-Latin: \xe9\r\nTransfer-Encoding: chunked\r\n'
    writeSlowly(
      socket,
      `HTTP/1.1 299 Fine So\r\n${fields}\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n`,
    )
  })
  for (let i = 0; i < 2; i++) {
    const answer = await bench.send({})
    expect([answer.status, answer.reason, answer.body.toString()]).toEqual([
      299,
      'Fine So',
      'abcde',
    ])
    expect(answer.headers).toMatchObject({ 'x-empty': '', 'x-word': 'one two', 'x-latin': '\xe9' })
  }
  expect(connections).toBe(1)
})

test.each(['gzip, chunked', 'gzip', 'chunked\r\nTransfer-Encoding: gzip', 'xchunked'])(
  'a transfer coding that nobody asked for is no answer: %j',
  async (coding) => {
    await start((socket) => {
      socket.end(`${OK}Transfer-Encoding: ${coding}\r\n\r\n2\r\nab\r\n0\r\n\r\n`, 'latin1')
    })
    const answer = await bench.send({})
    expect([answer.status, answer.headers['sidekey-error']]).toEqual([502, 'upstream-invalid'])
  },
)

test.each([
  ['identity', 'ab'],
  ['', 'ab'],
  ['chunked\r\nTransfer-Encoding: chunked', '2\r\nab\r\n0\r\n\r\n'],
])('a transfer coding that changes nothing is let through: %j', async (coding, body) => {
  await start((socket) => {
    socket.end(`${OK}Transfer-Encoding: ${coding}\r\n\r\n${body}`, 'latin1')
  })
  const answer = await bench.send({})
  expect([answer.status, answer.body.toString()]).toEqual([200, 'ab'])
})

test('an answer without a length ends with its connection', async () => {
  await start((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'))
  expect((await bench.send({})).body.toString()).toBe('all of it')
  expect((await bench.send({})).body.toString()).toBe('all of it')
  expect(connections).toBe(2)
})

test.each([
  ['a HEAD, whatever its length says', 'HEAD', `${OK}Content-Length: 5\r\n\r\n`, 1],
  ['a HEAD without a length', 'HEAD', `${OK}\r\n`, 1],
  ['a 204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n', 1],
  ['a 304', 'GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n', 1],
  ['a 204 that announces a body', 'GET', 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n', 2],
  ['Connection: close', 'GET', `${OK}Connection: close\r\nContent-Length: 0\r\n\r\n`, 2],
  [
    'a time to live as short as a request',
    'GET',
    `${OK}Keep-Alive: timeout=2\r\nContent-Length: 0\r\n\r\n`,
    2,
  ],
  ['a longer time to live', 'GET', `${OK}Keep-Alive: timeout=20\r\nContent-Length: 0\r\n\r\n`, 1],
  ['HTTP/1.0', 'GET', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', 2],
])('after %s, two requests have used so many connections', async (_name, method, bytes, count) => {
  await start((socket) => socket.write(bytes))
  for (let i = 0; i < 2; i++) {
    const answer = await bench.send({ method })
    expect(answer.headers['sidekey-error']).toBeUndefined()
    expect(answer.body).toHaveLength(0)
  }
  expect(connections).toBe(count)
})

test('bytes that nobody asked for end an idle connection', async () => {
  await start((socket) => {
    socket.write(`${OK}Content-Length: 2\r\n\r\nab`)
    setImmediate(() => socket.write(`${OK}Content-Length: 4\r\n\r\nEVIL`))
  })
  expect((await bench.send({})).body.toString()).toBe('ab')
  await expect
    .poll(() => new Promise((resolve) => upstream.getConnections((_, n) => resolve(n))))
    .toBe(0)
  expect((await bench.send({})).body.toString()).toBe('ab')
  expect(connections).toBe(2)
})

test('interim answers without end are a 502', async () => {
  await start((socket) => {
    const more = (): void => {
      const hint = `HTTP/1.1 103 Early Hints\r\nLink: <${'x'.repeat(1000)}>\r\n\r\n`
      if (!socket.destroyed) socket.write(hint, more)
    }
    more()
  })
  expect((await bench.send({})).status).toBe(502)
})

test('a bounded number of connections: what comes then waits its turn', async () => {
  const held: Socket[] = []
  let holding = false
  const answer = (socket: Socket): void => void socket.write(`${OK}Content-Length: 2\r\n\r\nok`)
  await start((socket) => {
    if (!holding) return answer(socket)
    if (held.push(socket) < CONNECTIONS_MAX) return
    holding = false
    held.forEach(answer)
  })
  // The first request finds out for the others whether the version works.
  await bench.send({})
  holding = true
  const answers = await Promise.all(
    Array.from({ length: CONNECTIONS_MAX + 20 }, () => bench.send({})),
  )
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  expect(connections).toBe(CONNECTIONS_MAX)
})
