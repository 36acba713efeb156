import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ProviderConnections } from '../../../src/providers/rest/connections.ts'
import { RestClient } from '../../../src/providers/rest/rest-client.ts'
import { FakeClock } from '../../fakes/clock.ts'

const NOW = new AbortController().signal
const clock = new FakeClock()
const sockets = new Set<Socket>()
const hanging: ServerResponse[] = []
const arrived = { hang: Promise.withResolvers<void>() }
const server = createServer((request, response) => {
  if (request.url !== '/hang') return void response.end('{"ok":true}')
  hanging.push(response)
  arrived.hang.resolve()
}).on('connection', (socket) => sockets.add(socket))
let connections = new ProviderConnections()
let origin = ''

beforeEach(async () => {
  sockets.clear()
  arrived.hang = Promise.withResolvers()
  connections = new ProviderConnections()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const response of hanging.splice(0)) response.end()
  await connections.close()
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
})

const call = (path: string) => ({ origin, method: 'GET', path }) as const

test('accounts of one provider share its connections', async () => {
  for (let account = 0; account < 20; account++) {
    const client = new RestClient({ clock, connections })
    expect((await client.send(call('/secrets'), NOW))?.status).toBe(200)
  }
  // The second call may come before the first connection knows that it is free.
  expect(sockets.size).toBeLessThanOrEqual(2)
})

test('a call that hangs keeps no other account waiting', async () => {
  const [one, other] = [
    new RestClient({ clock, connections }),
    new RestClient({ clock, connections }),
  ]
  const answer = one.send(call('/hang'), NOW)
  await arrived.hang.promise
  expect((await other.send(call('/secrets'), NOW))?.status).toBe(200)
  for (const response of hanging.splice(0)) response.end('{}')
  expect((await answer)?.status).toBe(200)
})

test('closing waits for a call that is under way', async () => {
  const answer = new RestClient({ clock, connections }).send(call('/hang'), NOW)
  await arrived.hang.promise
  let closed = false
  const closing = connections.close().then(() => (closed = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(closed).toBe(false)
  for (const response of hanging.splice(0)) response.end('{}')
  expect((await answer)?.status).toBe(200)
  await closing
  // Ending twice is ending.
  await connections.close()
})
