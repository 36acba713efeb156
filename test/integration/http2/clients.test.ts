import { afterEach, expect, test } from 'vitest'
import { S1, S2 } from '../proxy/bench.ts'
import { ConnectWorld } from '../proxy/connect-world.ts'
import { ask, openDirectly, openTunnel, sessionOn, TLS_LISTEN, valueOf } from './http2-world.ts'

const INTERCEPT = { intercept: true, unrouted: 'refuse' } as const

let world: ConnectWorld
afterEach(() => world.stop())

test.each([
  ['inside CONNECT', openTunnel],
  ['on the TLS listener', openDirectly],
])('HTTP/2 is agreed on %s, and gets the credential and the fallback', async (_n, open) => {
  world = await ConnectWorld.start({ connect: INTERCEPT, tlsListen: TLS_LISTEN })
  const socket = await open(world)
  expect(socket.alpnProtocol).toBe('h2')
  const session = sessionOn(socket)
  expect((await ask(session, { path: '/v1/a?b', fields: ['x-api-key', 'dummy'] })).status).toBe(200)
  const [first] = world.bench.upstream.requests
  expect(first?.target).toBe('/v1/a?b')
  expect(first?.values('x-api-key')).toEqual([S1])
  world.bench.upstream.answerWith((seen, response) => {
    response.statusCode = seen.fields.includes(S1) ? 401 : 201
    response.end(seen.body)
  })
  const answer = await ask(session, { method: 'POST', body: 'abc' })
  expect(answer).toMatchObject({ status: 201, reset: 0 })
  expect(answer.body.toString()).toBe('abc')
  expect(world.bench.upstream.requests.at(-1)?.values('x-api-key')).toEqual([S2])
  session.close()
})

test('what comes in fields of its own in HTTP/2 is what HTTP/1.1 upstreams know', async () => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  const session = sessionOn(await openTunnel(world))
  const fields = ['cookie', 'a=1', 'cookie', 'b=2', 'te', 'trailers', 'x-one', 'é']
  await ask(session, { method: 'POST', fields, body: 'x'.repeat(10) })
  const [seen] = world.bench.upstream.requests
  expect(seen?.values('cookie')).toEqual(['a=1; b=2'])
  expect(seen?.values('x-one')).toEqual(['é'])
  expect(seen?.values('te')).toEqual([])
  expect(seen?.values('content-length')).toEqual(['10'])
  expect(seen?.values('host')).toHaveLength(1)
  session.close()
})

test('a refusal is the same as in HTTP/1.1, and the connection goes on', async () => {
  world = await ConnectWorld.start({ connect: INTERCEPT })
  const session = sessionOn(await openTunnel(world))
  const refused = await ask(session, { path: '/v1/../a' })
  expect(refused.status).toBe(400)
  expect(valueOf(refused.fields, 'sidekey-error')).toBe('path-refused')
  expect(JSON.parse(refused.body.toString())).toMatchObject({ code: 'path-refused' })
  expect((await ask(session)).status).toBe(200)
  session.close()
})
