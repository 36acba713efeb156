import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { runCli, type SidekeyProcess } from './sidekey-process.ts'
import { BOOTSTRAP, KEY, raiseWorld, type World } from './world.ts'

interface Credential {
  readonly phase: string
  readonly reason: string | null
  readonly paused: boolean
  readonly versions: readonly { readonly stage: string; readonly id: string }[]
}

const WAIT = { timeout: 60_000, interval: 100 }

async function statusOf(sidekey: SidekeyProcess): Promise<Credential> {
  return (await sidekey.api('GET', '/api/credentials/vonage')).json()
}

async function untilPhase(sidekey: SidekeyProcess, phase: string): Promise<Credential> {
  return vi.waitFor(async () => {
    const status = await statusOf(sidekey)
    expect(status.phase).toBe(phase)
    return status
  }, WAIT)
}

test.each([
  ['serve', '--help'],
  ['rotate', 'vonage', '-h'],
  ['schema', '--help'],
  ['help', 'demo'],
])('%s %s is answered on stdout, with exit code 0', async (...argv) => {
  const name = argv[0] === 'help' ? argv[1] : argv[0]
  const { code, out, err } = await runCli(argv)
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(new RegExp(`^usage: sidekey ${name}`))
})

test('the help of all commands is there by every usual name', async () => {
  const [expected, ...others] = await Promise.all(
    [['help'], ['--help'], ['-h'], []].map((argv) => runCli(argv)),
  )
  expect(expected).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringContaining('serve --config FILE'),
  })
  for (const other of others) expect(other).toEqual(expected)
})

const liveIds = ({ emulator }: World) =>
  emulator.control.state().accounts[0]?.secrets.flatMap(({ id, live }) => (live ? [id] : []))

test('an operator rotates, consents to the first revoke, and checks online', async () => {
  const world = await raiseWorld()
  const config = world.home.path('sidekey.yaml')
  expect(await runCli(['check', '--config', config])).toMatchObject({ code: 0 })
  const before = await runCli(['check', '--online', '--config', config])
  expect(before, before.err).toMatchObject({ code: 0 })

  const sidekey = await world.start()
  const staged = await untilPhase(sidekey, 'staged')
  expect(staged.versions.map(({ stage }) => stage)).toEqual(['current', 'pending'])
  const table = await sidekey.command('status')
  expect(table.code).toBe(0)
  expect(table.out).toMatch(/^CREDENTIAL +PROVIDER +PHASE/)
  expect(table.out).toMatch(/vonage +vonage +staged/)
  const json = await sidekey.command('status', 'vonage', '--json')
  expect(JSON.parse(json.out)).toEqual(await statusOf(sidekey))

  const untouched = { status: await statusOf(sidekey), live: liveIds(world) }
  const dry = await sidekey.command('rotate', 'vonage', '--dry-run')
  expect(dry, dry.err).toMatchObject({ code: 0 })
  expect(dry.out).toMatch(/promoted +wait +bootstrap-consent/)
  expect({ status: await statusOf(sidekey), live: liveIds(world) }).toEqual(untouched)

  const rotated = await sidekey.command('rotate', 'vonage')
  expect(rotated, rotated.err).toMatchObject({ code: 0 })
  expect(rotated.out).toContain('vonage: rotate accepted')
  const waiting = await vi.waitFor(async () => {
    const status = await statusOf(sidekey)
    expect(status.reason).toBe('bootstrap-consent')
    return status
  }, WAIT)
  const old = waiting.versions.find(({ stage }) => stage === 'previous')?.id ?? ''
  expect(liveIds(world)).toContain(old)

  const consented = await sidekey.command('revoke', 'vonage', old)
  expect(consented, consented.err).toMatchObject({ code: 0 })
  const done = await untilPhase(sidekey, 'staged')
  expect(done.versions.map(({ id }) => id).toSorted()).toEqual(liveIds(world)?.toSorted())
  expect(liveIds(world)).not.toContain(old)

  // The configuration's own secret is dead by now; the recorded one is what is asked for.
  const after = await runCli(['check', '--online', '--config', config])
  expect(after, after.err).toMatchObject({ code: 0 })
  expect(after.out).toMatch(/ok +credential vonage: accepted/)
  expect((await sidekey.stop()).code).toBe(0)
  const stopped = await runCli(['check', '--online', '--config', config])
  expect(stopped, stopped.err).toMatchObject({ code: 0 })
})

test('a paused rotation stands still until it is resumed', async () => {
  const world = await raiseWorld('{ every: 30d, drain: 500ms, revokeBootstrap: auto }')
  const sidekey = await world.start()
  await untilPhase(sidekey, 'staged')
  expect(await sidekey.command('pause', 'vonage')).toMatchObject({ code: 0 })
  expect((await statusOf(sidekey)).paused).toBe(true)
  const before = liveIds(world)
  await sidekey.command('rotate', 'vonage')
  await vi.waitFor(async () => {
    expect((await statusOf(sidekey)).reason).toBe('paused')
  }, WAIT)
  expect(liveIds(world)).toEqual(before)

  expect(await sidekey.command('resume', 'vonage')).toMatchObject({ code: 0 })
  await sidekey.command('rotate', 'vonage')
  await vi.waitFor(async () => {
    const status = await statusOf(sidekey)
    expect(status.paused).toBe(false)
    expect(liveIds(world)).not.toContain(before?.[0])
  }, WAIT)
})

test('a staged promotion is told while it lasts, and comes to its end', async () => {
  const staged = 'stagedPromotion: { share: 50%, for: 2s }'
  const world = await raiseWorld(`{ every: 30d, drain: 500ms, revokeBootstrap: auto, ${staged} }`)
  const sidekey = await world.start()
  const before = await untilPhase(sidekey, 'staged')
  await sidekey.command('rotate', 'vonage')
  await vi.waitFor(async () => {
    const { out } = await sidekey.command('status')
    expect(out).toMatch(/vonage +vonage +staged +staged-promotion/)
    expect(out).toContain('50% of the requests start with pending')
  }, WAIT)
  expect(liveIds(world)).toEqual(before.versions.map(({ id }) => id))
  await vi.waitFor(async () => {
    expect(liveIds(world)).not.toContain(before.versions[0]?.id)
  }, WAIT)
})

test('commands that can not be carried out say why, and exit with 1', async () => {
  const world = await raiseWorld()
  const sidekey = await world.start()
  await untilPhase(sidekey, 'staged')
  const unknown = await sidekey.command('rotate', 'vonge')
  expect(unknown).toMatchObject({ code: 1, out: '' })
  expect(unknown.err).not.toBe('')
  const current = (await statusOf(sidekey)).versions.find(({ stage }) => stage === 'current')
  const refused = await sidekey.command('revoke', 'vonage', current?.id ?? '')
  expect(refused).toMatchObject({ code: 1, out: '' })
  expect(refused.err).not.toBe('')
  world.home.write('admin-token', 'another-token-0123456789abcdef')
  expect(await sidekey.command('status')).toMatchObject({ code: 1, out: '' })
})

test('a missing secret file ends check and serve with 78 and its place in the file', async () => {
  const { home, emulator } = await raiseWorld()
  const config = home.path('sidekey.yaml')
  home.write('sidekey.yaml', readFileSync(config, 'utf8').replace('vonage-secret', 'missing'))
  for (const command of ['check', 'serve']) {
    const { code, out, err } = await runCli([command, '--config', config])
    expect(code, command).toBe(78)
    expect(err).toContain('sidekey.yaml:8 credentials.vonage.secret: the file does not exist')
    expect(out + err).not.toContain(BOOTSTRAP)
  }
  expect(emulator.control.requests()).toEqual([])
})

test('an account whose rotation is off has its secrets listed and verified, and nothing made', async () => {
  const world = await raiseWorld('off')
  const sidekey = await world.start()
  const listed = await sidekey.command('secrets', 'list', 'vonage', '--json')
  expect(listed).toMatchObject({ code: 0 })
  const { secrets } = JSON.parse(listed.out) as { secrets: readonly object[] }
  expect(secrets).toEqual([
    expect.objectContaining({ id: expect.any(String), active: true, stage: null, verdict: null }),
    expect.objectContaining({ id: null, stage: 'current', verdict: null }),
  ])
  expect(await sidekey.command('secrets', 'verify', 'vonage')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/current .*accepted/),
  })
  expect(await sidekey.command('secrets', 'create', 'vonage')).toMatchObject({ code: 1 })
  expect(world.emulator.control.values(KEY)).toHaveLength(1)
})
