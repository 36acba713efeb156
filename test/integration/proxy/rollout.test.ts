import { afterEach, expect, test } from 'vitest'
import { FakeClock } from '../../fakes/clock.ts'
import { MemoryStorage, MemoryStore } from '../../fakes/memory-store.ts'
import type { Answer } from '../../fakes/upstream.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'
import { Bench, S1, S2 } from './bench.ts'

const MINUTE_MS = 60_000

let bench: Bench
afterEach(() => bench.stop())

/** Half of the requests start with S2, which `/odd` refuses. */
async function start(answer: Answer): Promise<MemoryStorage> {
  const storage = new MemoryStorage()
  const store = new MemoryStore(new FakeClock(), storage)
  bench = await Bench.start({
    versions: new FakeVersionSource('partner', [
      liveVersion(1, S1),
      { ...liveVersion(2, S2, 'pending'), share: 0.5 },
    ]),
    config: { stores: new Map([['partner', store]]) },
    answer,
  })
  return storage
}

const oddRefusesNew: Answer = (request, response) => {
  const refused = request.target.endsWith('/odd') && request.values('x-api-key')[0] === S2
  response.writeHead(refused ? 401 : 200).end('x')
}

test('half of the requests start with the new version, and none fails for it', async () => {
  const storage = await start(oddRefusesNew)
  for (let n = 0; n < 40; n++) expect((await bench.send({})).status).toBe(200)
  const first = bench.upstream.requests.map((seen) => seen.values('x-api-key')[0])
  expect(first.filter((secret) => secret === S2)).toHaveLength(20)
  for (let n = 0; n < 10; n++) {
    expect((await bench.send({ path: '/partner/odd' })).status).toBe(200)
    await bench.clock.advance(MINUTE_MS)
  }
  await bench.clock.advance(1_000)
  const rollout = storage.members.get('partner')?.get('replica-1')?.rollout
  expect(rollout).toMatchObject({ generation: 2, forMs: 10 * MINUTE_MS + 1_000 })
  expect(rollout?.refusals).toBeGreaterThan(3)
  expect(rollout?.requests).toBe(20 + (rollout?.refusals ?? 0))
})

test('a version is in use for as long as the upstream has not answered', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const storage = await start((_request, response) => {
    void promise.then(() => response.end('at last'))
  })
  const lastUse = () => storage.members.get('partner')?.get('replica-1')?.lastUse[1]
  const sent = bench.send({ method: 'POST', body: 'a long upload' })
  while (bench.upstream.requests.length === 0) await new Promise((next) => setImmediate(next))

  await bench.clock.advance(MINUTE_MS)
  expect(lastUse()).toBe(bench.clock.now())

  resolve()
  await sent
  const endedAtMs = bench.clock.now()
  await bench.clock.advance(MINUTE_MS)
  expect(lastUse()).toBe(endedAtMs)
})
