import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { request } from 'undici'
import { expect, test } from 'vitest'
import type { LogLine, SidekeyProcess } from './sidekey-process.ts'
import { raiseWorld, type World } from './world.ts'

/** Overwrites one kind of file in the store, as a broken disk would; returns what puts it back. */
function damage({ home }: World, suffix: string): () => void {
  const path = join(home.path('store'), `vonage.${suffix}`)
  const sound = readFileSync(path)
  writeFileSync(path, 'damaged')
  return () => writeFileSync(path, sound)
}

async function balance(sidekey: SidekeyProcess): Promise<number> {
  const answer = await request(`${sidekey.proxy}/vonage/rest/account/get-balance`)
  await answer.body.dump()
  return answer.statusCode
}

/** The standby is saved: a step is told when it is decided, what comes after it when it is done. */
const staged = (line: LogLine) =>
  line.event === 'rotation waits' && line['phase'] === 'staged' && line['reason'] === 'not-due'

test('a reload that can not read the record changes nothing, and says so', async () => {
  const world = await raiseWorld()
  const sidekey = await world.start()
  await sidekey.logged(staged)
  const repair = damage(world, 'record')
  const path = world.home.path('sidekey.yaml')

  // The credential is as it was: its record is not needed.
  expect((await sidekey.api('POST', '/reload')).status).toBe(200)
  world.home.write('sidekey.yaml', readFileSync(path, 'utf8').replace('500ms', '700ms'))
  sidekey.child.kill('SIGHUP')
  const told = await sidekey.logged((line) => line.event === 'configuration not reloaded')
  expect(told['reason']).toBe('store-unreadable')
  expect((await sidekey.api('POST', '/reload')).status).toBe(500)
  expect(await balance(sidekey)).toBe(200)

  repair()
  expect((await sidekey.api('POST', '/reload')).status).toBe(200)
  expect(await balance(sidekey)).toBe(200)
})

test.each([
  ['damaged lease', (world: World) => void damage(world, 'lease')],
  [
    'store that is gone',
    (world: World) => renameSync(world.home.path('store'), world.home.path('elsewhere')),
  ],
])('a %s does not keep the process from ending', async (_name, harm) => {
  const world = await raiseWorld()
  const sidekey = await world.start()
  await sidekey.logged(staged)
  harm(world)
  expect(await sidekey.stop()).toEqual({ code: 0, signal: null })
  expect(sidekey.output).toContain('sidekey has stopped')
})

test('a reload that is under way when it stops is finished first', async () => {
  const world = await raiseWorld()
  const sidekey = await world.start()
  await sidekey.logged(staged)
  const path = world.home.path('sidekey.yaml')
  world.home.write('sidekey.yaml', readFileSync(path, 'utf8').replace('500ms', '700ms'))

  sidekey.child.kill('SIGHUP')
  sidekey.child.kill('SIGTERM')

  expect(await sidekey.exited).toEqual({ code: 0, signal: null })
  const events = sidekey.output.split('\n').filter((line) => line.startsWith('{'))
  expect(events.at(-1)).toContain('sidekey has stopped')
  const members = readdirSync(world.home.path('store')).filter((name) => name.includes('.member.'))
  expect(members).toEqual([])
})
