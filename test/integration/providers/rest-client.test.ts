import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { RestClient } from '../../../src/providers/rest/rest-client.ts'
import { joinText } from '../../../src/providers/rest/secret-text.ts'
import { Connections } from '../../../src/calls/connections.ts'
import { FakeClock } from '../../fakes/clock.ts'

interface Arrived {
  readonly request: IncomingMessage
  readonly body: string
}

const SECRET = new SecretValue('Planted1"Secret')
const NOW = new AbortController().signal
const arrived: Arrived[] = []
const clock = new FakeClock()
let origin = ''
let connections = new Connections()
let client = new RestClient({ clock, connections })
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')))
  request.on('end', () => {
    arrived.push({ request, body })
    response.end('{"ok":true}')
  })
})

beforeEach(async () => {
  arrived.length = 0
  connections = new Connections()
  client = new RestClient({ clock, connections })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
})
afterEach(async () => {
  await connections.close()
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
})

test('secrets are sent as they are, in JSON, in forms, in headers and in Basic', async () => {
  const call = { origin, method: 'POST', path: '/x' } as const
  const json = { kind: 'json', value: { list: [SECRET], n: 1 } } as const
  await client.send({ ...call, body: json, headers: { 'X-Key': joinText(['k ', SECRET]) } }, NOW)
  const form = { kind: 'form', fields: [['a', SECRET]] } as const
  await client.send({ ...call, body: form, basic: { username: 'u', password: SECRET } }, NOW)
  expect(arrived.map(({ body }) => body)).toEqual([
    '{"list":["Planted1\\"Secret"],"n":1}',
    'a=Planted1%22Secret',
  ])
  expect(arrived[0]?.request.headers['x-key']).toBe('k Planted1"Secret')
  const basic = arrived[1]?.request.headers.authorization?.slice('Basic '.length) ?? ''
  expect(Buffer.from(basic, 'base64').toString('utf8')).toBe('u:Planted1"Secret')
})

test.each(['/keys/..', '/keys/.', '/keys/a b', '/keys/x#y', '@keys', ':keys', '0'])(
  'a path that a URL parser would change, %s, is not sent',
  async (path) => {
    expect(await client.send({ origin, method: 'DELETE', path }, NOW)).toBeNull()
    expect(arrived).toEqual([])
  },
)

test('an answered call leaves no timer behind', async () => {
  const answer = await client.send({ origin, method: 'GET', path: '/keys?limit=1' }, NOW)
  expect(answer).toMatchObject({ status: 200, body: { ok: true } })
  expect(clock.pending).toBe(0)
})
