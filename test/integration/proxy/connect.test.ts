import { once } from 'node:events'

import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { S1, S2 } from './bench.ts'
import { ConnectWorld, exchange, get } from './connect-world.ts'

const INTERCEPT = { intercept: true, unrouted: 'refuse' } as const
const TUNNEL = { intercept: false, unrouted: 'tunnel' } as const
const API = 'api.partner.example'

let world: ConnectWorld
afterEach(() => world.stop())

const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])
const request = (path: string, host = API): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`

async function intercepted(servername = API): Promise<Socket> {
  const { head, socket } = await world.connect(`${API}:443`)
  expect(statusOf(head)).toBe(200)
  return world.secure(socket, servername)
}

test('a client that hard-codes https gets the credential, and the fallback', async () => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  const inner = await intercepted()
  expect(statusOf(await exchange(inner, request('/v1/a?b')))).toBe(200)
  expect(world.bench.upstream.requests[0]).toMatchObject({ target: '/v1/a?b' })
  expect(world.bench.upstream.requests[0]?.fields).toContain(S1)
  world.bench.upstream.answerWith((seen, response) => {
    response.statusCode = seen.fields.includes(S1) ? 401 : 200
    response.end()
  })
  expect(statusOf(await exchange(inner, request('/v1/b')))).toBe(200)
  expect(world.bench.upstream.requests.at(-1)?.fields).toContain(S2)
})

test.each([
  ['row 13: another SNI', 'other.partner.example', request('/'), 421],
  ['row 13: another inner Host', API, request('/', 'other.partner.example'), 421],
  ['another port in the inner Host', API, request('/', `${API}:444`), 421],
  ['row 13: an inner absolute target', API, request(`http://${API}/`), 400],
  [
    'row 13: an upgrade to h2c',
    API,
    `GET / HTTP/1.1\r\nHost: ${API}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n`,
    501,
  ],
  ['HTTP/2 without being asked', API, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
])('%s is refused, with nothing sent', async (_n, servername, text, status) => {
  world = await ConnectWorld.start(
    { connect: INTERCEPT, forward: true },
    { route: { hosts: [API, 'other.partner.example'] } },
  )
  const answer = await exchange(await intercepted(servername), text)
  expect(statusOf(answer)).toBe(status)
  expect(world.bench.upstream.requests).toEqual([])
})

test('row 57: a name without a route gets an alert and no certificate', async () => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  for (const name of ['evil.example', '']) {
    const { socket } = await world.connect(`${API}:443`)
    await expect(world.secure(socket, name)).rejects.toThrow()
  }
})

test.each([
  ['HTTP/2 where the client has it', ['http/1.1', 'h2'], 'h2'],
  ['HTTP/1.1 where it has nothing else', ['http/1.1'], 'http/1.1'],
  ['nothing where it names nothing', [], false],
])('%s is agreed on', async (_n, offered, agreed) => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  const { socket } = await world.connect(`${API}:443`)
  const inner = await world.secure(socket, API, offered)
  expect(inner.alpnProtocol).toBe(agreed)
})

test('plain HTTP inside CONNECT to port 80 is a forward proxy too', async () => {
  world = await ConnectWorld.start({ forward: true })
  const { head, socket } = await world.connect(`${API}:80`)
  expect(statusOf(head)).toBe(200)
  expect(statusOf(await exchange(socket, request('/v1/a')))).toBe(200)
  expect(world.bench.upstream.requests[0]?.target).toBe('/v1/a')
})

test('CONNECT to Sidekey itself reaches its path prefixes', async () => {
  world = await ConnectWorld.start({ forward: true })
  const own = `127.0.0.1:${world.bench.port}`
  const { socket } = await world.connect(own)
  await exchange(socket, request('/partner/v1/a', own))
  expect(world.bench.upstream.requests[0]?.target).toBe('/v1/a')
})

test.each([
  ['row 12: a host without a route', 'evil.example:443', 403],
  ['row 12: no port', 'evil.example', 400],
  ['row 12: a path', '/', 400],
  ['row 12: a port of this host, such as the admin one', '127.0.0.1:9901', 403],
  ['another port of a routed host', `${API}:8443`, 403],
  ['user information', `x@${API}:443`, 400],
])('%s is refused', async (_n, target, status) => {
  world = await ConnectWorld.start({ connect: INTERCEPT, forward: true })
  expect(statusOf((await world.connect(target)).head)).toBe(status)
  expect(world.asked).toEqual([])
})

test.each([
  ['another host in Host', 'Host: evil.example\r\n'],
  ['row 10: another port in Host', `Host: ${API}:444\r\n`],
  ['a length, as if a body came', `Host: ${API}:443\r\nContent-Length: 5\r\n`],
  ['a body in chunks', `Host: ${API}:443\r\nTransfer-Encoding: chunked\r\n`],
])('a CONNECT with %s is refused', async (_n, fields) => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  const { head, socket } = await world.connect(`${API}:443`, fields)
  expect(statusOf(head)).toBe(400)
  await once(socket, 'close')
})

test('a CONNECT without a port in Host, and with a length of zero, says nothing else', async () => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  const { head } = await world.connect(`${API}:443`, `Host: ${API}\r\nContent-Length: 0\r\n`)
  expect(statusOf(head)).toBe(200)
})

test('with everything off CONNECT is refused', async () => {
  world = await ConnectWorld.start({})
  for (const target of [`${API}:443`, `${API}:80`, `127.0.0.1:${world.bench.port}`]) {
    expect(statusOf((await world.connect(target)).head)).toBe(403)
  }
})

test('the token of the CONNECT counts for what is inside', async () => {
  const token = 'f00d'.repeat(16)
  const clients = [{ name: 'app', token: new SecretValue(token), routes: ['partner'] }]
  world = await ConnectWorld.start({ connect: INTERCEPT, clients })
  expect(statusOf((await world.connect(`${API}:443`)).head)).toBe(407)
  const fields = `Host: ${API}:443\r\nProxy-Authorization: Bearer ${token}\r\n`
  const { socket } = await world.connect(`${API}:443`, fields)
  const inner = await world.secure(socket, API)
  expect(statusOf(await exchange(inner, request('/v1/a')))).toBe(200)
})

test('a host with a route is never tunnelled past its credential', async () => {
  world = await ConnectWorld.start({ connect: TUNNEL })
  expect(statusOf((await world.connect(`${API}:443`)).head)).toBe(403)
  expect(world.asked).toEqual([])
})

test.each([
  ['this host', ['127.0.0.1']],
  ['this host in an IPv6 address', ['::ffff:7f00:1']],
  ['metadata of a cloud', ['169.254.169.254']],
  ['a private network', ['10.0.0.7']],
  ['one good and one bad address', ['93.184.216.34', '127.0.0.1']],
])(
  'row 11: a name without a route that leads to %s is refused, after one look-up',
  async (_n, addresses) => {
    world = await ConnectWorld.start({ connect: TUNNEL }, { addresses })
    expect(statusOf((await world.connect('rebind.example:443')).head)).toBe(403)
    expect(world.asked).toEqual(['rebind.example'])
  },
)

test.each(['127.0.0.1:443', '[::1]:443', '169.254.169.254:443', '10.0.0.7:443', 'evil.example:25'])(
  'a tunnel to %s is refused without a look-up',
  async (target) => {
    world = await ConnectWorld.start({ connect: TUNNEL })
    expect(statusOf((await world.connect(target)).head)).toBe(403)
    expect(world.asked).toEqual([])
  },
)

test('row 11: a routed name that leads to this host is refused, after one look-up', async () => {
  world = await ConnectWorld.start(
    {},
    {
      addresses: ['127.0.0.1'],
      route: { upstream: { origin: 'http://api.partner.example:9', insecure: false } },
    },
  )
  expect(await get(world.bench.port, '/partner/x', 'localhost')).toBe(403)
  expect(world.asked).toEqual([API])
})

test('a bad gateway is told when a tunnel can not be made', async () => {
  world = await ConnectWorld.start(
    { connect: TUNNEL },
    { addresses: ['127.0.0.1'], mayTunnelTo: () => true },
  )
  // Nobody listens on port 443 of this machine.
  expect(statusOf((await world.connect('closed.example:443')).head)).toBe(502)
})

test('plain text where TLS is due, and nothing at all, end the connection', async () => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  const { socket } = await world.connect(`${API}:443`)
  expect(await exchange(socket, request('/'))).toBe('')
  expect(world.bench.upstream.requests).toEqual([])
})

test('a tunnel in a tunnel is for nobody', async () => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  const inner = await intercepted()
  expect(await exchange(inner, `CONNECT ${API}:443 HTTP/1.1\r\nHost: ${API}:443\r\n\r\n`)).toBe('')
})

test('a stop waits for a request inside a tunnel, and not for one that sends nothing', async () => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  const inner = await intercepted()
  const arrived = Promise.withResolvers<() => void>()
  world.bench.upstream.answerWith((_seen, response) => {
    arrived.resolve(() => response.end('late'))
  })
  const answer = exchange(inner, request('/slow'), /late/)
  const { socket: idle } = await world.connect(`${API}:443`)
  const finish = await arrived.promise
  const stopped = world.bench.plane.stop(60_000)
  await new Promise((resolve) => idle.once('close', resolve))
  finish()
  expect(await answer).toMatch(/late/)
  await world.bench.clock.advance(1_000)
  await stopped
})

test('connections that are no TLS, and thousands of them, harm nobody', async () => {
  world = await ConnectWorld.start({ connect: INTERCEPT, tlsListen: '127.0.0.2:0' })
  const { port, address } = world.bench.plane.bound.get('127.0.0.2:0') ?? { port: 0, address: '' }
  const hello = Buffer.from('16030100c8010000c40303', 'hex')
  for (let round = 0; round < 20; round++) {
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const noise = Buffer.from(`${round * 50 + index}`.repeat(60))
        return new Promise<void>((resolve) => {
          const socket = connect(port ?? 0, address, () =>
            socket.end(Buffer.concat([hello, noise])),
          )
          socket
            .resume()
            .on('error', () => {})
            .once('close', () => resolve())
        })
      }),
    )
  }
  const inner = await intercepted()
  expect(statusOf(await exchange(inner, request('/v1/a')))).toBe(200)
})

test('the TLS listener serves routed hosts by name', async () => {
  world = await ConnectWorld.start(
    { tlsListen: '127.0.0.2:0' },
    { route: { hosts: [API, 'other.partner.example'] } },
  )
  const { port, address } = world.bench.plane.bound.get('127.0.0.2:0') ?? { port: 0, address: '' }
  const open = (name: string) => world.secure(connect(port ?? 0, address), name)
  expect(statusOf(await exchange(await open(API), request('/v1/a')))).toBe(200)
  expect(statusOf(await exchange(await open(API), request('/v1/a', `${API}:${port}`)))).toBe(200)
  const other = request('/', 'other.partner.example')
  expect(statusOf(await exchange(await open(API), other))).toBe(421)
  expect(statusOf(await exchange(await open(API), request(`http://${API}/`)))).toBe(400)
  await expect(open('evil.example')).rejects.toThrow()
  expect(world.bench.upstream.requests.map(({ target }) => target)).toEqual(['/v1/a', '/v1/a'])
})

test('a listener of one route takes every path, for its own names and the hosts of the route', async () => {
  world = await ConnectWorld.start({}, { route: { listen: '127.0.0.3:0' } })
  const { port } = world.bench.plane.bound.get('127.0.0.3:0') ?? { port: 0 }
  const send = async (host: string): Promise<number> => {
    const socket = connect(port ?? 0, '127.0.0.3')
    const answer = await exchange(socket, request('/partner/v1/a', host))
    socket.destroy()
    return statusOf(answer)
  }
  expect(await send(`localhost:${port}`)).toBe(200)
  expect(await send(API)).toBe(200)
  expect(await send('evil.example')).toBe(421)
  expect(world.bench.upstream.requests.map(({ target }) => target)).toEqual([
    '/partner/v1/a',
    '/partner/v1/a',
  ])
})

/** What echoes at the one port that tunnels lead to; null where this test may not have that port. */
async function echoAt443(): Promise<Server | null> {
  const echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {}).pipe(socket)
  })
  return new Promise((resolve) => {
    echo.once('error', () => resolve(null))
    echo.listen(443, '127.0.0.9', () => resolve(echo))
  })
}

const ECHOING = {
  addresses: ['127.0.0.9'],
  mayTunnelTo: (address: string) => address === '127.0.0.9',
}

test('the bytes of an unrouted tunnel pass untouched, both ways, to its end', async () => {
  const echo = await echoAt443()
  world = await ConnectWorld.start({ connect: TUNNEL }, ECHOING)
  if (echo === null) return
  const { head, socket } = await world.connect('elsewhere.example:443')
  expect(statusOf(head)).toBe(200)
  const bytes = `${'x'.repeat(300_000)}END`
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const answer = exchange(socket, bytes, /END$/)
  expect(await answer).toBe(bytes)
  socket.end()
  await closed
  expect(world.asked).toEqual(['elsewhere.example'])
  await new Promise((resolve) => echo.close(resolve))
})

test('a client whose token a reload has taken away is not served inside its tunnel any more', async () => {
  const token = 'f00d'.repeat(16)
  const clients = [{ name: 'app', token: new SecretValue(token), routes: null }]
  world = await ConnectWorld.start({ connect: INTERCEPT, clients })
  const fields = `Host: ${API}:443\r\nProxy-Authorization: Bearer ${token}\r\n`
  const { socket } = await world.connect(`${API}:443`, fields)
  const inner = await world.secure(socket, API)
  expect(statusOf(await exchange(inner, request('/v1/a')))).toBe(200)

  const others = [{ name: 'other', token: new SecretValue('beef'.repeat(16)), routes: null }]
  await world.bench.plane.reload({ ...world.bench.config, clients: others })
  expect(statusOf(await exchange(inner, request('/v1/a')))).toBe(407)
  expect(world.bench.upstream.requests).toHaveLength(1)
})

test('what comes behind a CONNECT before its tunnel is there is not lost', async () => {
  const echo = await echoAt443()
  world = await ConnectWorld.start({ connect: TUNNEL }, ECHOING)
  if (echo === null) return
  const asked = 'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n'
  const socket = connect(world.bench.port, '127.0.0.1')
  const early = await exchange(socket, `${asked}early bird`, /early bird$/)
  socket.destroy()
  expect(early).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nearly bird$/)
  await new Promise((resolve) => echo.close(resolve))
})
