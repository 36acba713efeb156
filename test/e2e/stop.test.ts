import { once } from 'node:events'
import { connect } from 'node:net'
import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { Load } from './load.ts'
import { raiseWorld } from './world.ts'

test.each([1, 2, 3])('SIGTERM under load loses no request, run %i', async () => {
  const world = await raiseWorld()
  const sidekey = await world.start()
  const load = new Load(sidekey.proxy, 16)
  await vi.waitFor(() => expect(load.answered).toBeGreaterThan(500), { timeout: 30_000 })
  expect(await sidekey.stop()).toEqual({ code: 0, signal: null })
  await load.ended()
  expect(new Set(load.endings.keys())).toEqual(new Set([200, 'refused']))
  expect(world.emulator.control.state().counters.processed['sms.send']).toBeGreaterThan(0)
})

test('it is not ready first, answers what it has taken, and then ends', async () => {
  const world = await raiseWorld()
  const sidekey = await world.start()
  world.emulator.control.fault({ operation: 'sms.send', kind: 'delay', delayMs: 3_000 })
  const slow = request(`${sidekey.proxy}/vonage/rest/sms/json`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from: 'a', to: '1', text: 'x' }),
  })
  await vi.waitFor(() => {
    expect(world.emulator.control.state().faults).toEqual([])
  })
  const ended = sidekey.stop()
  await vi.waitFor(async () => {
    const { status } = await sidekey.page('/readyz')
    expect(status).toBe(503)
  })
  expect((await sidekey.page('/livez')).status).toBe(200)
  const answer = await slow
  expect([answer.statusCode, await answer.body.text()]).toEqual([
    200,
    expect.stringContaining('"status":"0"'),
  ])
  expect(await ended).toEqual({ code: 0, signal: null })
})

test('open connections on which nothing happens do not hold it up', async () => {
  const world = await raiseWorld()
  const sidekey = await world.start()
  const sockets = [sidekey.proxy, sidekey.proxy, sidekey.admin].map((origin) =>
    connect(Number(new URL(origin).port), '127.0.0.1'),
  )
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const closed = sockets.map((socket) => once(socket.on('error', () => {}).resume(), 'close'))
  // One of them has been used before.
  const [used] = sockets
  used?.write('GET /vonage/rest/account/get-balance HTTP/1.1\r\nHost: localhost\r\n\r\n')
  if (used !== undefined) await once(used, 'data')
  const ended = sidekey.stop()
  // Far below the time that requests in flight would get.
  const patience = once(AbortSignal.timeout(15_000), 'abort').then(() => 'still running')
  expect(await Promise.race([ended, patience])).toEqual({ code: 0, signal: null })
  await Promise.all(closed)
})

test('POST /quitquitquit and `sidekey shutdown` end it like SIGTERM', async () => {
  const world = await raiseWorld()
  const first = await world.start()
  expect((await first.api('POST', '/quitquitquit')).status).toBe(202)
  expect(await first.exited).toEqual({ code: 0, signal: null })
  const second = await world.start()
  expect(await second.command('shutdown')).toMatchObject({ code: 0 })
  expect(await second.exited).toEqual({ code: 0, signal: null })
})
