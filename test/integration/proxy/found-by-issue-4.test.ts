import { afterEach, expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { ConnectWorld, exchange } from './connect-world.ts'

/** Found by the audit of issue 4 in files that others were changing then; both fail until those are mended. */
const API = 'api.partner.example'
const TOKEN = 'f00d'.repeat(16)
const INTERCEPT = { intercept: true, unrouted: 'refuse' } as const

let world: ConnectWorld
afterEach(() => world.stop())

const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])

test('a client whose token a reload has taken away is not served inside its tunnel any more', async () => {
  const clients = [{ name: 'app', token: new SecretValue(TOKEN), routes: null }]
  world = await ConnectWorld.start({ connect: INTERCEPT, clients })
  const fields = `Host: ${API}:443\r\nProxy-Authorization: Bearer ${TOKEN}\r\n`
  const { socket } = await world.connect(`${API}:443`, fields)
  const inner = await world.secure(socket, API)
  const request = `GET /v1/a HTTP/1.1\r\nHost: ${API}\r\n\r\n`
  expect(statusOf(await exchange(inner, request))).toBe(200)

  const others = [{ name: 'other', token: new SecretValue('beef'.repeat(16)), routes: null }]
  await world.bench.plane.reload({ ...world.bench.config, clients: others })
  // Or the connection is closed.
  expect(statusOf(await exchange(inner, request))).not.toBe(200)
})

test('an absolute target with the port of another local service does not reach a route', async () => {
  world = await ConnectWorld.start({ forward: true })
  const target = 'http://127.0.0.1:3000/partner/v1/a'
  const fields = 'Host: 127.0.0.1:3000\r\nConnection: close\r\n'
  const answer = await world.bench.raw(`GET ${target} HTTP/1.1\r\n${fields}\r\n`)
  expect(statusOf(answer)).toBe(403)
  expect(world.bench.upstream.requests).toEqual([])
})
