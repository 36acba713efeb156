import type { Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { ownReads } from '../../../src/proxy/client-reads.ts'
import { Http1Front } from '../../../src/proxy/http1-front.ts'
import { Llhttp } from '../../../src/proxy/llhttp.ts'
import { WriteBatch } from '../../../src/proxy/write-batch.ts'
import { FakeClock, settle } from '../../fakes/clock.ts'

/** A connection whose other side takes nothing before it reads. */
function dial(body: Buffer): Duplex {
  const [client, server] = duplexPair()
  const front = new Http1Front({
    clock: new FakeClock(),
    llhttp: new Llhttp(),
    batch: new WriteBatch(() => {}),
    handle: (_entrance, _request, response) => {
      response.writeHead(200, ['Content-Length', `${body.length}`])
      response.end(body)
    },
    connect: () => {},
    upgrade: () => {},
  })
  const socket = Object.assign(server, {
    setTimeout: () => server,
    destroySoon: () => server.end(() => server.destroy()),
  })
  front.admit(ownReads(socket as unknown as Socket), { kind: 'open', port: 1 })
  return client
}

test.each([5, 100_000])(
  'an answer of %d bytes that is whole goes out to whoever says no more, and ends the connection',
  async (size) => {
    const client = dial(Buffer.alloc(size, 'b'))
    client.end('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await settle()
    const text = (await buffer(client)).toString('latin1')
    expect(text.slice(text.indexOf('\r\n\r\n') + 4).length).toBe(size)
  },
)
