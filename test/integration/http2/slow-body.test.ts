import type { ClientHttp2Stream } from 'node:http2'
import { afterEach, expect, test } from 'vitest'
import { ConnectWorld } from '../proxy/connect-world.ts'
import { API, openTunnel, sessionOn } from './http2-world.ts'

let world: ConnectWorld
afterEach(() => world.stop())

/** A request whose body has begun. */
async function upload(fields: Readonly<Record<string, string>>): Promise<ClientHttp2Stream> {
  world = await ConnectWorld.start(
    { connect: { intercept: true, unrouted: 'refuse' } },
    { route: { hosts: [API] } },
  )
  const session = sessionOn(await openTunnel(world))
  const stream = session.request({ ':method': 'POST', ':path': '/v1/x', ...fields })
  stream.on('error', () => {})
  stream.write('abc')
  return stream
}

/** Lets so many seconds pass, or fewer when the answer comes. @returns its status; null: none came */
async function wait(stream: ClientHttp2Stream, seconds: number): Promise<number | null> {
  let status: number | null = null
  stream.once('response', (head) => (status = Number(head[':status'])))
  for (let i = 0; i < seconds && status === null; i++) {
    await world.bench.clock.advance(1_000)
    for (let turn = 0; turn < 5; turn++) await new Promise((done) => setImmediate(done))
  }
  return status
}

test('T21: a body over HTTP/2 that is announced and does not come is a 408, 0U', async () => {
  const stream = await upload({ 'content-length': '100' })
  expect(await wait(stream, 1_000)).toBe(408)
  expect(world.bench.upstream.requests).toHaveLength(0)
})
