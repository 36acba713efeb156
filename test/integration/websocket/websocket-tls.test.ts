import { afterEach, expect, test } from 'vitest'
import { S1 } from '../proxy/bench.ts'
import { ConnectWorld, exchange } from '../proxy/connect-world.ts'
import { EchoServer, frame } from './echo-server.ts'

const API = 'api.partner.example'
const HANDSHAKE =
  `GET /chat HTTP/1.1\r\nHost: ${API}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'

let world: ConnectWorld
let server: EchoServer
afterEach(async () => {
  server.stop()
  await world.stop()
})

async function start(config: Parameters<typeof ConnectWorld.start>[0]): Promise<void> {
  server = new EchoServer([S1], frame(1, 'hello'))
  const origin = await server.start()
  world = await ConnectWorld.start(config, { route: { upstream: { origin, insecure: false } } })
}

test('wss:// through CONNECT and an intercepted connection gets the secret', async () => {
  await start({ connect: { intercept: true, unrouted: 'refuse' } })
  const { socket } = await world.connect(`${API}:443`)
  const inner = await world.secure(socket, API)
  expect(await exchange(inner, HANDSHAKE, /hello/)).toMatch(/^HTTP\/1\.1 101 /)
  expect(server.handshakes[0]?.headers['x-api-key']).toBe(S1)
})

test('ws:// through a plain tunnel gets it too', async () => {
  await start({ forward: true })
  const { socket } = await world.connect(`${API}:80`)
  expect(await exchange(socket, HANDSHAKE, /hello/)).toMatch(/^HTTP\/1\.1 101 /)
  expect(server.handshakes[0]?.headers['x-api-key']).toBe(S1)
})

test('row 13: an inner handshake for another host is refused, and so is h2c', async () => {
  await start({ connect: { intercept: true, unrouted: 'refuse' } })
  const other = HANDSHAKE.replace(`Host: ${API}`, 'Host: other.partner.example')
  const h2c = HANDSHAKE.replace('Upgrade: websocket', 'Upgrade: h2c')
  for (const [text, status] of [
    [other, 421],
    [h2c, 501],
  ] as const) {
    const { socket } = await world.connect(`${API}:443`)
    const inner = await world.secure(socket, API)
    expect(await exchange(inner, text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  }
  expect(server.handshakes).toEqual([])
})
