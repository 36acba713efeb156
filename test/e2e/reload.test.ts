import { readFileSync } from 'node:fs'
import { request } from 'undici'
import { expect, test, vi } from 'vitest'
import { Load } from './load.ts'
import type { SidekeyProcess } from './sidekey-process.ts'
import { raiseWorld, secretsEver } from './world.ts'

const RELOADS = 40

const EXTRA = `  - name: partner
    match: { pathPrefix: /partner }
    upstream: http://127.0.0.1:9
    credential: partner
    inject: { header: X-Api-Key, format: "{secret}" }
`

async function reloaded(sidekey: SidekeyProcess): Promise<string | undefined> {
  const { text } = await sidekey.page('/metrics')
  return /^sidekey_config_last_reload_successful (\d)/m.exec(text)?.[1]
}

test('forty reloads lose no request, and a broken file changes nothing', async () => {
  const world = await raiseWorld()
  const sidekey = await world.start()
  const path = world.home.path('sidekey.yaml')
  const plain = readFileSync(path, 'utf8')
  world.home.write('partner-secret', 'Partner1Secret-Yy8')
  const source = `  partner: { provider: static, current: { file: ${world.home.path('partner-secret')} } }\n`
  const more = plain.replace('routes:\n', `${source}routes:\n`) + EXTRA
  const partner = async () => {
    const answer = await request(`${sidekey.proxy}/partner/v1`)
    await answer.body.dump()
    return answer.statusCode
  }
  const load = new Load(sidekey.proxy, 8)

  for (let round = 1; round <= RELOADS; round++) {
    const before = load.answered
    world.home.write('sidekey.yaml', round % 2 === 1 ? more : plain)
    sidekey.child.kill('SIGHUP')
    await sidekey.loggedTimes('configuration reloaded', round)
    // 502: the route is there, and nobody behind it. 404: there is no such route.
    expect(await partner()).toBe(round % 2 === 1 ? 502 : 404)
    await vi.waitFor(() => expect(load.answered).toBeGreaterThan(before))
  }
  expect(await reloaded(sidekey)).toBe('1')

  world.home.write('sidekey.yaml', more.replace('pathPrefix', 'pathPrefx'))
  sidekey.child.kill('SIGHUP')
  await sidekey.logged((line) => line.event === 'configuration not reloaded')
  expect(await reloaded(sidekey)).toBe('0')
  expect((await sidekey.page('/readyz')).status).toBe(200)
  expect(await partner()).toBe(404)

  world.home.write('sidekey.yaml', more)
  const refused = await sidekey.api('POST', '/reload')
  expect(refused.status).toBe(200)
  expect(await reloaded(sidekey)).toBe('1')
  expect(await partner()).toBe(502)

  await load.stop()
  expect([...load.endings.keys()]).toEqual([200])
  for (const secret of secretsEver(world)) expect(sidekey.output).not.toContain(secret)
})

test('what can not change while it runs is refused by its name', async () => {
  const world = await raiseWorld()
  const sidekey = await world.start()
  const path = world.home.path('sidekey.yaml')
  const moved = readFileSync(path, 'utf8').replace('directory: ', 'directory: /nowhere')
  world.home.write('sidekey.yaml', moved)
  const refused = await sidekey.api('POST', '/reload')
  expect(refused.status).toBe(422)
  expect(refused.text).toContain('store')
  expect(await reloaded(sidekey)).toBe('0')
})
