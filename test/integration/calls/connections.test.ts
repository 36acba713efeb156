import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PROVIDER_CALL_TIMEOUT_MS } from '../../../src/kernel/limits.ts'
import { Connections } from '../../../src/calls/connections.ts'
import { RestClient } from '../../../src/providers/rest/rest-client.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { openSilentServer, type SilentServer } from '../../fakes/silent-server.ts'

const NOW = new AbortController().signal
const clock = new FakeClock()
const sockets = new Set<Socket>()
const hanging: ServerResponse[] = []
let hangs = Promise.withResolvers<void>()
const server = createServer((request, response) => {
  if (request.url !== '/hang') return void response.end('{"ok":true}')
  hanging.push(response)
  hangs.resolve()
}).on('connection', (socket) => sockets.add(socket))
let connections = new Connections()
const ends: (() => void)[] = []
let origin = ''

beforeEach(async () => {
  sockets.clear()
  hangs = Promise.withResolvers()
  connections = new Connections()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const response of hanging.splice(0)) response.end()
  await connections.close()
  for (const end of ends.splice(0)) end()
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
  await hangs.promise
  expect((await other.send(call('/secrets'), NOW))?.status).toBe(200)
  for (const response of hanging.splice(0)) response.end('{}')
  expect((await answer)?.status).toBe(200)
})

test('however many calls hang, the next one does not wait for them', async () => {
  const clients = Array.from({ length: 100 }, () => new RestClient({ clock, connections }))
  const answers = clients.map((client) => client.send(call('/hang'), NOW))
  while (hanging.length < answers.length) await new Promise((resolve) => setImmediate(resolve))
  const other = new RestClient({ clock, connections })
  expect((await other.send(call('/secrets'), NOW))?.status).toBe(200)
  for (const response of hanging.splice(0)) response.end('{}')
  expect((await Promise.all(answers)).every((answer) => answer?.status === 200)).toBe(true)
})

test('where TLS never begins, each call connects, and all end at their time limit', async () => {
  const hole = await openSilentServer()
  ends.push(() => hole.close())
  const calls = Array.from({ length: 5 }, () => secureCall(hole))
  await expect.poll(() => hole.reached.size).toBe(calls.length)
  await clock.advance(PROVIDER_CALL_TIMEOUT_MS)
  // By the call's own clock: undici gives its connections up when a real one says so.
  const late = new Promise<string>((resolve) => setImmediate(resolve, 'late'))
  expect(await Promise.race([Promise.all(calls), late])).toEqual(calls.map(() => null))
})

test('HTTP/2 is not offered, which would put all accounts on one connection', async () => {
  const hole = await openSilentServer()
  ends.push(() => hole.close())
  const answer = secureCall(hole)
  const hello = (await hole.said).toString('latin1')
  // The whole list of protocols behind its length, each behind its own: RFC 7301, section 3.1.
  expect(hello).toContain('\x00\x09\x08http/1.1')
  await clock.advance(PROVIDER_CALL_TIMEOUT_MS)
  expect(await answer).toBe(null)
})

test('a call that is given up before it is sent is never sent', async () => {
  const aborted = AbortSignal.abort()
  expect(await new RestClient({ clock, connections }).send(call('/secrets'), aborted)).toBe(null)
  expect(sockets.size).toBe(0)
})

test('closing waits for a call that is under way', async () => {
  const answer = new RestClient({ clock, connections }).send(call('/hang'), NOW)
  await hangs.promise
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

test('destroying ends a call that is under way', async () => {
  const answer = new RestClient({ clock, connections }).send(call('/hang'), NOW)
  await hangs.promise
  await connections.destroy()
  expect(await answer).toBe(null)
})

/** Less than undici's own time limit for connections, by a real clock, which would end them, too. */
const AT_ONCE = { timeout: 5_000 }

test('destroying ends a connection that is still opening', AT_ONCE, async () => {
  const silent = await reachedBy(secureCall)
  await connections.destroy()
  await silent.left()
  expect(await silent.answer).toBe(null)
})

test('closing waits for no connection that no call waits for', AT_ONCE, async () => {
  const silent = await reachedBy(secureCall)
  await clock.advance(PROVIDER_CALL_TIMEOUT_MS)
  expect(await silent.answer).toBe(null)
  await connections.close()
  await silent.left()
})

test('a call that began before the end is waited for, however early it is', async () => {
  const answer = new RestClient({ clock, connections }).send(call('/secrets'), NOW)
  await connections.close()
  expect((await answer)?.status).toBe(200)
})

test('behind the end nothing is opened anew', async () => {
  await connections.close()
  expect(await new RestClient({ clock, connections }).send(call('/secrets'), NOW)).toBe(null)
  expect(sockets.size).toBe(0)
})

/** A server that a call has reached, and says nothing; `left` resolves when the call's connection is gone. */
async function reachedBy<T>(send: (server: SilentServer) => Promise<T>) {
  const server = await openSilentServer()
  ends.push(() => server.close())
  const answer = send(server)
  await expect.poll(() => server.reached.size).toBe(1)
  const left = Promise.all([...server.reached].map((socket) => once(socket, 'close')))
  return { answer, left: () => left }
}

function secureCall({ port }: { readonly port: number }) {
  const secure = { ...call('/secrets'), origin: `https://127.0.0.1:${port}` }
  return new RestClient({ clock, connections }).send(secure, NOW)
}
