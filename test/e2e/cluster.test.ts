import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { Load } from './load.ts'
import type { SidekeyProcess } from './sidekey-process.ts'
import { raiseWorld, secretsEver, type World } from './world.ts'

const CLIENTS = 8

function useWorkers({ home }: World): void {
  const plain = readFileSync(home.path('sidekey.yaml'), 'utf8')
  home.write('sidekey.yaml', plain.replace('127.0.0.1:0 }', '127.0.0.1:0, workers: 3 }'))
}

function pidsOf(sidekey: SidekeyProcess): readonly number[] {
  const out = execFileSync('pgrep', ['-P', String(sidekey.child.pid)], { encoding: 'utf8' })
  return out.trim().split('\n').map(Number)
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
  expect(pidsOf(sidekey)).toHaveLength(3)
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
  for (let kills = 1; kills <= 3; kills++) {
    const before = await rotations()
    const counted = await sumOf(sidekey, 'sidekey_requests_total')
    process.kill(pidsOf(sidekey)[0] ?? 0, 'SIGKILL')
    await sidekey.loggedTimes('worker is ready', 3 + kills)
    expect(await sumOf(sidekey, 'sidekey_requests_total')).toBeGreaterThanOrEqual(counted - CLIENTS)
    await vi.waitFor(async () => expect(await rotations()).toBeGreaterThan(before), {
      timeout: 20_000,
      interval: 200,
    })
  }
  await load.stop()
  const { [200]: answered = 0, lost = 0, ...others } = Object.fromEntries(load.endings)
  expect(others).toEqual({})
  expect(answered).toBeGreaterThan(0)
  // Each client has one request on the wire at most.
  expect(lost).toBeLessThanOrEqual(3 * CLIENTS)
  expect(await sumOf(sidekey, 'sidekey_worker_restarts_total')).toBe(3)
  for (const secret of secretsEver(world)) expect(sidekey.output).not.toContain(secret)
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
  process.kill(pidsOf(sidekey)[0] ?? 0, 'SIGTERM')
  await sidekey.loggedTimes('worker is ready', 4)
  await load.stop()
  expect([...load.endings.keys()]).toEqual([200])
}, 60_000)
