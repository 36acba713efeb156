import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { AuthorityWorld } from '../authority/authority-world.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { Bench } from './bench.ts'

const API = 'api.partner.example'

let bench: Bench
let world: AuthorityWorld
afterEach(async () => {
  await bench.stop()
  world.close()
})

/** A proxy with a TLS listener; what its authority keeps, and how many certificates it was asked for. */
async function start() {
  world = new AuthorityWorld()
  const authority = await world.authority([API])
  const made: string[] = []
  bench = await Bench.start({
    config: { tlsListen: '127.0.0.1:0 ', connect: { intercept: true, unrouted: 'refuse' } },
    deps: {
      certificates: {
        contextFor: (name) => {
          const context = authority.contextFor(name)
          if (context !== null) made.push(name)
          return context
        },
      },
    },
  })
  const port = bench.plane.bound.get('127.0.0.1:0 ')?.port ?? 0
  return { authority, made, port }
}

/** The first bytes of a TLS client that names the API. */
async function hello(): Promise<Buffer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = connectTls({ host: '127.0.0.1', port, servername: API })
  client.on('error', () => {})
  const [socket] = await accepted
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  server.close()
  return bytes
}

/** Another name in place of the API's, with all lengths right. RFC 6066, section 3. */
function withName(original: Buffer, name: Buffer): Buffer {
  const at = original.indexOf(API)
  const grown = name.length - API.length
  const bytes = Buffer.concat([original.subarray(0, at), name, original.subarray(at + API.length)])
  const grow = (place: number): void => {
    bytes.writeUInt16BE(original.readUInt16BE(place) + grown, place)
  }
  // Name, list of names, extension; then the record, the handshake, and all extensions together.
  for (const place of [at - 2, at - 5, at - 7, 3, 7]) grow(place)
  const session = 9 + 2 + 32
  const suites = session + 1 + (original[session] ?? 0)
  const methods = suites + 2 + original.readUInt16BE(suites)
  grow(methods + 1 + (original[methods] ?? 0))
  return bytes
}

/** Sends bytes, ends, and waits for the end of the connection; what came back. */
function send(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes))
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.once('close', () => resolve(Buffer.concat(chunks)))
  })
}

const ALERT = 0x15
const HANDSHAKE = 0x16

test('row 57: only the name of a route gets a certificate; others get an alert, whatever they are', async () => {
  const { authority, made, port } = await start()
  const original = await hello()
  expect((await send(port, withName(original, Buffer.from(API))))[0]).toBe(HANDSHAKE)
  expect(made).toEqual([API])
  const names = ['', 'x'.repeat(300), `${API}\0.evil.example`, '127.0.0.1', '[::1]', 'evil.example']
  names.push(`${API}.`, `*.partner.example`, `sub.${API}`, '\xff\xfe', ' ', '__proto__')
  for (const name of names) {
    const answer = await send(port, withName(original, Buffer.from(name, 'latin1')))
    expect([name, answer[0] ?? ALERT]).toEqual([name, ALERT])
  }
  expect(made).toEqual([API])
  expect(authority.leaves).toBe(1)
})

test('row 57: 10,000 random ClientHellos leave it alive, with one certificate at most', async () => {
  const { authority, made, port } = await start()
  const original = await hello()
  const random = new SeededRandom(57)
  const below = (max: number): number => random.int(max)
  const mutated = (): Buffer => {
    const bytes = Buffer.from(original)
    for (let i = below(8) + 1; i > 0; i--) bytes[below(bytes.length)] = below(256)
    return bytes.subarray(0, below(4) === 0 ? below(bytes.length) : bytes.length)
  }
  for (let batch = 0; batch < 100; batch++) {
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => {
        const noise = Buffer.from(Array.from({ length: 64 }, () => below(256)))
        return send(port, i % 10 === 0 ? noise : mutated())
      }),
    )
  }
  expect(new Set(made.map((name) => name.toLowerCase()))).toEqual(new Set([API]))
  expect(authority.leaves).toBe(1)
  expect((await bench.send({})).status).toBe(200)
  const again = connectTls({ host: '127.0.0.1', port, servername: API, ca: authority.certificate })
  await once(again, 'secureConnect')
  again.destroy()
})
