import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { type ClientReads, lendReads } from '../../../src/proxy/client-reads.ts'

const shared = Buffer.alloc(64 * 1024)
const tidy: (() => void)[] = []

afterEach(() => {
  for (const step of tidy.splice(0)) step()
})

interface Link {
  readonly server: Server
  readonly client: Socket
  readonly reads: ClientReads
}

type Lends = (server: Server, accepted: (reads: ClientReads) => void) => void

/** A client, and the connection that a listener has made of it. */
async function link(lends: Lends, address?: string): Promise<Link> {
  const server = createServer({ allowHalfOpen: true })
  const accepted = Promise.withResolvers<ClientReads>()
  lends(server, accepted.resolve)
  await once(address === undefined ? server.listen(0) : server.listen(address), 'listening')
  const { port } = (address === undefined ? server.address() : {}) as AddressInfo
  const client = address === undefined ? connect(port) : connect(address)
  const reads = await accepted.promise
  tidy.push(() => {
    client.destroy()
    reads.socket.destroy()
    server.close()
  })
  return { server, client, reads }
}

const lent: Lends = (server, accepted) => lendReads(server, shared, accepted)

/** As a Node would look that keeps a field to itself. */
function hidden(field: string): Lends {
  return (server, accepted) => {
    const seen = new Proxy(server, {
      get(target, name) {
        const value: unknown = name === field ? undefined : Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    lendReads(seen, shared, accepted)
  }
}

const until = (isSo: () => boolean): Promise<boolean> => vi.waitUntil(isSo, { interval: 1 })

const KINDS = [
  ['lent', lent],
  ['without a handle', hidden('_handle')],
  ['without a count', hidden('_connections')],
  ['without an end', hidden('_emitCloseIfDrained')],
] as const

test.each(KINDS)(
  '%s: what arrives is told, then waits for whoever has the socket',
  async (_, make) => {
    const { client, reads } = await link(make)
    let told = ''
    reads.begin((buffer, length) => {
      told += buffer.toString('latin1', 0, length)
      if (!told.endsWith('!')) return
      reads.end()
      reads.socket.pause()
    })
    client.write('first')
    await until(() => told === 'first')
    client.write(' second!')
    await until(() => told === 'first second!')
    client.write('for others')
    reads.socket.resume()
    const [chunk] = (await once(reads.socket, 'data')) as [Buffer]
    expect([chunk.toString(), told]).toEqual(['for others', 'first second!'])
    // Whoever keeps it keeps no more than that.
    expect(chunk.buffer.byteLength).toBe(chunk.length)
  },
)

test.each(KINDS)('%s: both ends of a half-open connection are seen', async (_, make) => {
  const { client, reads } = await link(make)
  let told = ''
  reads.begin((buffer, length) => (told += buffer.toString('latin1', 0, length)))
  client.end('all')
  await once(reads.socket, 'end')
  expect(told).toBe('all')
  reads.socket.end('answer')
  const [answer] = (await once(client, 'data')) as [Buffer]
  expect(answer.toString()).toBe('answer')
  await once(client, 'close')
})

test.each(KINDS)(
  '%s: a paused socket sees its client leave, while it has room for more',
  async (_, make) => {
    const { client, reads } = await link(make)
    const seen: string[] = []
    reads.socket.on('error', () => seen.push('error')).on('close', () => seen.push('close'))
    reads.begin(() => {})
    reads.end()
    reads.socket.pause()
    client.write('early')
    await until(() => reads.socket.readableLength === 'early'.length)
    client.resetAndDestroy()
    await until(() => seen.includes('close'))
    expect(seen).toEqual(['error', 'close'])
  },
)

test('all connections read into one buffer, those of a unix socket too', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sidekey-reads-'))
  tidy.push(() => rmSync(directory, { recursive: true, force: true }))
  const links = [await link(lent), await link(lent, join(directory, 'socket'))]
  const buffers: Buffer[] = []
  for (const { reads, client } of links) {
    reads.begin((buffer) => buffers.push(buffer))
    client.write('something')
  }
  await until(() => buffers.length === 2)
  expect(buffers.every((buffer) => buffer === shared)).toBe(true)
})

test('nothing arrives while the socket is paused, not even an end', async () => {
  const { client, reads } = await link(lent)
  let told = ''
  reads.begin((buffer, length) => {
    told += buffer.toString('latin1', 0, length)
    reads.socket.pause()
  })
  client.write('one')
  await until(() => told === 'one')
  client.end('two')
  await once(client, 'finish')
  for (let i = 0; i < 10; i++) await turn()
  expect([told, reads.socket.readableEnded]).toEqual(['one', false])
  reads.socket.resume()
  await until(() => told === 'onetwo')
  reads.socket.resume()
  await once(reads.socket, 'end')
})

test('what waits in the socket is its own, whole and in order, however slowly it is taken', async () => {
  const { client, reads } = await link(lent)
  const sent = Buffer.from(
    Array.from({ length: 4 * 1024 * 1024 }, (_, i) => (i * 31 + (i >> 8)) & 0xff),
  )
  reads.end()
  client.end(sent)
  await until(() => reads.socket.readableLength > 0)
  // Nobody takes it: whatever the system would give is still there.
  for (let i = 0; i < 100; i++) await turn()
  expect(reads.socket.readableLength).toBeLessThan(2 * shared.length)
  const pieces: Buffer[] = []
  for await (const piece of reads.socket) {
    shared.fill('-')
    pieces.push(piece as Buffer)
    await turn()
  }
  expect(Buffer.concat(pieces).equals(sent)).toBe(true)
})

test.each([
  ['closed', ({ reads }: Link) => reads.socket.destroy()],
  ['reset by its client', ({ client }: Link) => client.resetAndDestroy()],
])('a connection that is %s is no longer counted by its server', async (_, end) => {
  const made = await link(lent)
  const { server, reads } = made
  reads.socket.on('error', () => reads.socket.destroy())
  let isClosed = false
  server.close(() => (isClosed = true))
  await turn()
  expect([isClosed, await count(server)]).toEqual([false, 1])
  end(made)
  await until(() => isClosed)
  expect(await count(server)).toBe(0)
})

test('whoever waits for the end of a connection is told before its server has closed', async () => {
  const { server, reads } = await link(lent)
  const ends: string[] = []
  reads.socket.once('close', () => ends.push('connection'))
  server.close(() => ends.push('server'))
  reads.socket.destroy()
  await until(() => ends.length === 2)
  expect(ends).toEqual(['connection', 'server'])
})

test('a server that has as many as it may takes no more, until one has gone', async () => {
  const { server, reads } = await link((listening, accepted) => {
    listening.maxConnections = 1
    lent(listening, accepted)
  })
  const { port } = server.address() as AddressInfo
  const refused = connect(port).on('error', () => {})
  tidy.push(() => refused.destroy())
  await once(refused, 'close')
  expect(await count(server)).toBe(1)
  reads.socket.destroy()
  await once(reads.socket, 'close')
  const next = connect(port)
  tidy.push(() => next.destroy())
  expect(await vi.waitUntil(() => count(server), { interval: 1 })).toBe(1)
})

test('small answers are not held back by the system', async () => {
  const { server } = await link(lent)
  const { _handle: handle } = server as Server & { _handle: object }
  const kind = Object.getPrototypeOf(handle) as { setNoDelay(enable: boolean): number }
  const setNoDelay = vi.spyOn(kind, 'setNoDelay')
  tidy.push(() => setNoDelay.mockRestore())
  const client = connect((server.address() as AddressInfo).port)
  tidy.push(() => client.destroy())
  await until(() => setNoDelay.mock.calls.length > 0)
  expect(setNoDelay.mock.calls).toEqual([[true]])
})

function count(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, connections) =>
      error === null ? resolve(connections) : reject(error),
    )
  })
}
