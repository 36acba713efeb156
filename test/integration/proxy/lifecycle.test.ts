import { existsSync, mkdtempSync, renameSync, statSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { CLIENT_DRAIN_IDLE_MS } from '../../../src/kernel/limits.ts'
import type { Member, Store } from '../../../src/kernel/ports/store.ts'
import { settle } from '../../fakes/clock.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'
import { Bench, S1, S2 } from './bench.ts'

let bench: Bench
afterEach(() => bench.stop())

/** Only what a member needs of a store. */
class MemberStore {
  readonly log: string[] = []
  member: Member | null = null
  readonly asStore = this as unknown as Store

  publishMember(_id: string, member: Member): Promise<void> {
    this.log.push('publish')
    this.member = member
    return Promise.resolve()
  }

  removeMember(): Promise<void> {
    this.log.push('remove')
    this.member = null
    return Promise.resolve()
  }
}

const versions = () =>
  new FakeVersionSource('partner', [liveVersion(2, S1), liveVersion(1, S2, 'previous')])

test('readiness names the credential that has no usable version', async () => {
  const source = versions()
  source.failing = true
  bench = await Bench.start({ versions: source })
  expect(bench.plane.readiness()).toEqual({
    ready: false,
    reasons: ['credential partner has no usable version'],
  })
  const answer = await bench.send({})
  expect(answer.status).toBe(503)
  expect(answer.headers['sidekey-error']).toBe('credential-unavailable')
  source.failing = false
  await bench.clock.advance(1_000)
  expect(bench.plane.readiness().ready).toBe(true)
  expect((await bench.send({})).status).toBe(200)
})

test('a read that fails leaves the last good versions in use', async () => {
  bench = await Bench.start({})
  bench.source.failing = true
  bench.source.set([])
  await settle()
  expect((await bench.send({})).status).toBe(200)
})

test('a new version is in use at once, and the next request starts with it', async () => {
  bench = await Bench.start({})
  bench.source.set([liveVersion(3, 'S3-canary-fresh'), liveVersion(2, S1, 'previous')])
  await settle()
  await bench.send({})
  expect(bench.upstream.requests[0]?.values('x-api-key')).toEqual(['S3-canary-fresh'])
})

test('a reload is atomic: a request in flight finishes on the old routes', async () => {
  const arrived = Promise.withResolvers<() => void>()
  bench = await Bench.start({
    answer: (_request, response) => arrived.resolve(() => response.end('old')),
  })
  const answering = bench.send({})
  const finish = await arrived.promise
  const loads = bench.source.loads
  await bench.plane.reload({ ...bench.config, routes: [] })
  expect((await bench.send({})).status).toBe(404)
  finish()
  expect((await answering).body.toString()).toBe('old')
  // The view of a source that has not changed is kept.
  expect(bench.source.loads).toBe(loads)
})

test('a reload with a route to a credential that is not there changes nothing', async () => {
  bench = await Bench.start({})
  await expect(bench.plane.reload({ ...bench.config, sources: new Map() })).rejects.toThrow(
    /partner/,
  )
  expect((await bench.send({})).status).toBe(200)
})

test('stopping lets a request in flight finish, and soon accepts no other', async () => {
  const arrived = Promise.withResolvers<() => void>()
  bench = await Bench.start({
    answer: (_request, response) => arrived.resolve(() => response.end('last')),
  })
  const answering = bench.send({})
  const finish = await arrived.promise
  const stopped = bench.plane.stop(10_000)
  await bench.clock.advance(CLIENT_DRAIN_IDLE_MS)
  await expect(bench.send({})).rejects.toThrow()
  finish()
  expect((await answering).body.toString()).toBe('last')
  await stopped
})

test('what still runs when the drain time is over is cut', async () => {
  const arrived = Promise.withResolvers<void>()
  bench = await Bench.start({ answer: () => arrived.resolve() })
  const answering = bench.send({})
  const cut = expect(answering).rejects.toThrow()
  await arrived.promise
  const stopped = bench.plane.stop(5_000)
  await bench.clock.advance(5_000)
  await stopped
  await cut
})

test('a unix socket is made 0600, and takes the name localhost', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'sidekey-')), 'proxy.sock')
  bench = await Bench.start({ config: { listen: `unix:${path}` } })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const request = httpRequest({ socketPath: path, path: '/partner/x' }).end()
  const [response] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }]
  response.resume()
  expect(response.statusCode).toBe(200)
  await bench.plane.stop(0)
  expect(existsSync(path)).toBe(false)
})

test('a unix socket in use is left to its owner, one that nobody answers is replaced', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sidekey-'))
  const path = join(folder, 'proxy.sock')
  bench = await Bench.start({ config: { listen: `unix:${path}` } })
  await expect(Bench.start({ config: { listen: `unix:${path}` } })).rejects.toThrow(/EADDRINUSE/)
  await bench.stop()
  const owner = createServer().listen(join(folder, 'moved.sock'))
  await once(owner, 'listening')
  renameSync(join(folder, 'moved.sock'), path)
  owner.close()
  bench = await Bench.start({ config: { listen: `unix:${path}` } })
  const socket = connect(path)
  await once(socket, 'connect')
  socket.destroy()
})

test('while it stops, a kept connection is served once more, and closed with that answer', async () => {
  const arrived = Promise.withResolvers<() => void>()
  bench = await Bench.start({
    answer: (request, response) => {
      if (request.target === '/1') arrived.resolve(() => response.end('first'))
      else response.end('second')
    },
  })
  await bench.send({})
  const first = bench.send({ path: '/partner/1' })
  const finish = await arrived.promise
  const kept = connect(bench.port, '127.0.0.1')
  await once(kept, 'connect')
  const stopped = bench.plane.stop(10_000)
  await bench.clock.advance(CLIENT_DRAIN_IDLE_MS)
  kept.write('GET /partner/2 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  let text = ''
  kept.on('data', (data) => (text += data.toString()))
  await once(kept, 'close')
  expect(text).toMatch(/^HTTP\/1\.1 200[\s\S]*Connection: close[\s\S]*second/)
  finish()
  await first
  await stopped
})

test('a request on a connection that was being opened when the stop began is served', async () => {
  bench = await Bench.start({ answer: (_request, response) => response.end('served') })
  await bench.send({})
  const stopped = bench.plane.stop(10_000)
  const answers = await Promise.all(Array.from({ length: 30 }, () => bench.send({})))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  await bench.clock.advance(CLIENT_DRAIN_IDLE_MS)
  await stopped
})

test('a member registers before the first read, acknowledges after it, and leaves after the drain', async () => {
  const store = new MemberStore()
  const source = versions()
  const load = source.load.bind(source)
  source.load = () => {
    store.log.push('read')
    return load()
  }
  bench = await Bench.start({
    versions: source,
    config: { stores: new Map([['partner', store.asStore]]) },
  })
  await settle()
  expect(store.log.slice(0, 2)).toEqual(['publish', 'read'])
  expect(store.member).toMatchObject({ instance: 'replica-1', held: [2, 1], ackGeneration: 2 })
  source.set([liveVersion(3, 'S3-canary'), liveVersion(2, S1, 'previous')])
  await settle()
  expect(store.member).toMatchObject({ held: [3, 2], ackGeneration: 3 })
  await bench.send({})
  await bench.clock.advance(1_000)
  expect(store.member?.lastUse).toEqual({ 3: bench.clock.now() - 1_000 })
  await bench.plane.stop(0)
  expect(store.member).toBeNull()
})

test('a generation that cools down is not acknowledged: new requests start with the older one', async () => {
  const store = new MemberStore()
  bench = await Bench.start({
    config: { stores: new Map([['partner', store.asStore]]) },
    answer: (request, response) => {
      response.statusCode = request.values('x-api-key')[0] === S1 ? 401 : 200
      response.end()
    },
  })
  await bench.send({})
  await bench.clock.advance(1_000)
  expect(store.member?.ackGeneration).toBe(1)
})

test('a request in flight with an older version counts as use when it ends', async () => {
  const arrived = Promise.withResolvers<() => void>()
  bench = await Bench.start({ answer: (_r, response) => arrived.resolve(() => response.end()) })
  const answering = bench.send({})
  const finish = await arrived.promise
  bench.source.set([liveVersion(3, 'S3-canary'), liveVersion(2, S1, 'previous')])
  await bench.clock.advance(5_000)
  const startedAtMs = bench.lastUses?.lastUsedAtMs('g2') ?? 0
  finish()
  await answering
  expect((bench.lastUses?.lastUsedAtMs('g2') ?? 0) - startedAtMs).toBe(5_000)
})

test('row 53: labels come from the configuration alone', async () => {
  bench = await Bench.start({})
  for (let i = 0; i < 200; i++) {
    await bench.send({ path: `/partner/${i}`, headers: i % 2 ? { host: `h${i}.example` } : {} })
  }
  expect(bench.telemetry.counts.size).toBeLessThan(10)
})

test('neither refusals nor log events hold a secret', async () => {
  bench = await Bench.start({ answer: (_request, response) => response.destroy() })
  const texts = []
  for (const path of ['/partner/x', '/none', '/partner/../x']) {
    texts.push(JSON.stringify(await bench.send({ method: 'POST', path, body: 'a' })))
  }
  const all = texts.join() + JSON.stringify(bench.log.events)
  expect(all).not.toContain(S1)
  expect(all).not.toContain(S2)
  expect(bench.log.events.length).toBeGreaterThan(0)
})
