import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { freePort } from '../free-ports.ts'
import { Load } from './load.ts'
import type { SidekeyProcess } from './sidekey-process.ts'
import { killWorker, workersOf } from './worker-processes.ts'
import { raiseWorld, secretsEver, type World } from './world.ts'

const CLIENTS = 8

function useWorkers({ home }: World, { port = 0, workers = 3 } = {}): void {
  const plain = readFileSync(home.path('sidekey.yaml'), 'utf8')
  home.write(
    'sidekey.yaml',
    plain.replace('127.0.0.1:0 }', `127.0.0.1:${port}, workers: ${workers} }`),
  )
}

function portOf({ proxy }: SidekeyProcess): number {
  return Number(new URL(proxy).port)
}

async function sumOf(sidekey: SidekeyProcess, name: string): Promise<number> {
  const { text } = await sidekey.page('/metrics')
  const found = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))]
  return found.reduce((sum, [, number]) => sum + Number(number), 0)
}

test('the requests of three workers are summed, and an orderly stop loses none', async () => {
  const world = await raiseWorld()
  useWorkers(world)
  const sidekey = await world.start()
  expect(workersOf(sidekey)).toHaveLength(3)
  const load = new Load(sidekey.proxy, CLIENTS)
  await vi.waitFor(() => expect(load.answered).toBeGreaterThan(300), { timeout: 20_000 })
  await load.stop()
  expect(await sumOf(sidekey, 'sidekey_requests_total')).toBe(load.answered)
  expect(await sumOf(sidekey, 'sidekey_request_duration_seconds_count')).toBe(load.answered)

  const more = new Load(sidekey.proxy, CLIENTS)
  await vi.waitFor(() => expect(more.answered).toBeGreaterThan(100))
  expect(await sidekey.stop()).toEqual({ code: 0, signal: null })
  await more.ended()
  expect(new Set(more.endings.keys())).toEqual(new Set([200, 'refused']))
}, 60_000)

test('killed workers lose what was on their wires only, while secrets rotate', async () => {
  const world = await raiseWorld('{ every: 2s, drain: 500ms, revokeBootstrap: auto }')
  useWorkers(world)
  const sidekey = await world.start()
  const load = new Load(sidekey.proxy, CLIENTS)
  const rotations = () => sumOf(sidekey, 'sidekey_rotations_total')
  const onTheWire = new Set<number>()
  for (let kills = 1; kills <= 2; kills++) {
    const before = await rotations()
    const counted = await sumOf(sidekey, 'sidekey_requests_total')
    const [pid = 0] = workersOf(sidekey)
    for (const client of killWorker(pid, portOf(sidekey))) onTheWire.add(client)
    await sidekey.logged(({ event, restarts }) => event === 'worker ended' && restarts === kills)
    // Never lower than it was, not even before the next worker starts.
    expect(await sumOf(sidekey, 'sidekey_requests_total')).toBeGreaterThanOrEqual(counted)
    await sidekey.loggedTimes('worker is ready', 3 + kills)
    expect(await sumOf(sidekey, 'sidekey_requests_total')).toBeGreaterThanOrEqual(counted)
    await vi.waitFor(async () => expect(await rotations()).toBeGreaterThan(before), {
      timeout: 20_000,
      interval: 200,
    })
  }
  await load.stop()
  const { [200]: answered = 0, lost = 0, ...others } = Object.fromEntries(load.endings)
  expect(others).toEqual({})
  expect(answered).toBeGreaterThan(0)
  // A connection of a killed worker loses the one request that is on it; no other connection loses any.
  expect(load.losses.filter(({ port }) => !onTheWire.has(port))).toEqual([])
  expect(new Set(load.losses.map(({ port }) => port)).size).toBe(lost)
  expect(await sumOf(sidekey, 'sidekey_worker_restarts_total')).toBe(2)
  for (const secret of secretsEver(world)) expect(sidekey.output).not.toContain(secret)
}, 60_000)

test('with all workers killed at once it says so, and comes back by itself', async () => {
  const world = await raiseWorld()
  useWorkers(world, { port: await freePort(), workers: 2 })
  const sidekey = await world.start()
  const before = await sumOf(sidekey, 'sidekey_workers')
  const pids = workersOf(sidekey)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await sidekey.loggedTimes('worker ended', 2)
  expect((await sidekey.page('/readyz')).status).toBe(503)
  expect((await sidekey.page('/livez')).status).toBe(200)
  await sidekey.loggedTimes('worker is ready', 4)
  await vi.waitFor(async () => expect((await sidekey.page('/readyz')).status).toBe(200))
  expect(workersOf(sidekey).filter((pid) => pids.includes(pid))).toEqual([])
  const load = new Load(sidekey.proxy, CLIENTS)
  await vi.waitFor(() => expect(load.answered).toBeGreaterThan(20), { timeout: 20_000 })
  await load.stop()
  expect([...load.endings.keys()]).toEqual([200])
  expect([before, await sumOf(sidekey, 'sidekey_workers')]).toEqual([2, 2])
}, 60_000)

test('a secret that somebody else rotates has one name and a last use, whichever worker used it', async () => {
  const world = await raiseWorld()
  world.home.write('partner', 'Partner1Secret-Zz9')
  world.home.write(
    'sidekey.yaml',
    `proxy: { listen: 127.0.0.1:0, workers: 2 }
admin: { listen: 127.0.0.1:0, tokenFile: ${world.home.path('admin-token')} }
credentials:
  partner: { provider: static, current: { file: ${world.home.path('partner')} } }
routes:
  - name: partner
    match: { pathPrefix: /partner }
    upstream: ${world.emulator.url}
    credential: partner
    inject: { bearer: '{secret}' }
`,
  )
  const sidekey = await world.start()
  const status = async () => {
    const { credentials } = (await sidekey.api('GET', '/api/credentials')).json() as {
      credentials: { versions: { fingerprint: string; lastUsedAt: string | null }[] }[]
    }
    return credentials[0]?.versions[0]
  }
  const unused = await status()
  expect(unused?.lastUsedAt).toBeNull()
  const answer = await fetch(`${sidekey.proxy}/partner/nothing`)
  await answer.text()
  const used = await status()
  expect(used?.lastUsedAt).toMatch(/^20/)
  expect(used?.fingerprint).toBe(unused?.fingerprint)
}, 60_000)

test('twenty reloads move all workers together, and a broken file moves none', async () => {
  const world = await raiseWorld()
  useWorkers(world)
  const sidekey = await world.start()
  const plain = readFileSync(world.home.path('sidekey.yaml'), 'utf8')
  const load = new Load(sidekey.proxy, CLIENTS)
  for (let round = 1; round <= 20; round++) {
    const next = round % 2 === 1 ? plain.replace('drain: 500ms', 'drain: 600ms') : plain
    world.home.write('sidekey.yaml', next)
    expect((await sidekey.api('POST', '/reload')).status).toBe(200)
  }
  world.home.write('sidekey.yaml', plain.replace('routes:', 'routse:'))
  expect((await sidekey.api('POST', '/reload')).status).toBe(422)
  expect((await sidekey.page('/readyz')).status).toBe(200)

  // A worker that starts meanwhile runs under the configuration in force, not under the broken file.
  process.kill(workersOf(sidekey)[0] ?? 0, 'SIGTERM')
  await sidekey.loggedTimes('worker is ready', 4)
  await load.stop()
  expect([...load.endings.keys()]).toEqual([200])
}, 60_000)
