import { setTimeout as pause } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import {
  ACCOUNTS,
  ask,
  expectKnown,
  idsOf,
  type Family,
  MAIN,
  raiseFamily,
  statusOf,
  SUPPORT,
} from './family.ts'
import { runCli, SidekeyProcess } from './sidekey-process.ts'

const FAST = '{ every: 3s, jitter: 0%, drain: 500ms, revokeBootstrap: auto }'
const ON_COMMAND = '{ every: 30d, drain: 500ms, revokeBootstrap: auto }'
const CALM = '{ every: 30d, drain: 500ms }'
const WAIT = { timeout: 60_000, interval: 100 }

/** Whatever was changed was changed by the primary, and never with a secret that is refused. */
function expectManaged(family: Family): void {
  for (const [, account] of ACCOUNTS) {
    const changes = family.managementCalls(account).filter(({ method }) => method !== 'GET')
    expect(changes.length).toBeGreaterThan(0)
    expect(new Set(changes.map((call) => call.account))).toEqual(new Set([MAIN]))
    expect(changes.filter(({ refused }) => refused)).toEqual([])
  }
  // The primary's own secrets: what authenticated the end of one was another one.
  const ended = family.managementCalls(MAIN).filter(({ method }) => method === 'DELETE')
  for (const { path, secretId } of ended) expect(path.endsWith(String(secretId))).toBe(false)
}

/** A successor that rotates on command only: it settles whatever was left. */
async function settle(family: Family): Promise<SidekeyProcess> {
  family.rotate(FAST, ON_COMMAND)
  const sidekey = await family.start()
  for (const [id] of ACCOUNTS) expect(await ask(sidekey, id)).toEqual([200, null])
  await vi.waitFor(() => expectKnown(family, sidekey), WAIT)
  return sidekey
}

function revoked(family: Family, account: string): number {
  const acts = family.emulator.control.acts()
  return acts.filter((one) => one.account === account && one.act === 'revoked').length
}

test('a primary and two secondaries rotate together under traffic, and no request fails', async () => {
  const family = await raiseFamily(FAST)
  const sidekey = await family.start()
  const endings = new Map<string, number>()
  let isOver = false
  const traffic = ACCOUNTS.map(async ([id]) => {
    while (!isOver) {
      const ending = (await ask(sidekey, id)).join(' ')
      endings.set(ending, (endings.get(ending) ?? 0) + 1)
      await pause(5)
    }
  })
  await vi.waitFor(() => {
    for (const [, account] of ACCOUNTS) expect(revoked(family, account)).toBeGreaterThanOrEqual(3)
  }, WAIT)
  isOver = true
  await Promise.all(traffic)
  expect([...endings.keys()]).toEqual(['200 '])
  expectManaged(family)
  expect((await sidekey.stop()).code).toBe(0)
  await settle(family)
})

test.each([
  'create:after#2',
  'save:staged:after#3',
  'promote:after#2',
  'revoke:before#2',
  'revoke:after#3',
  'save:retiring:after#2',
])('killed at %s while all three rotate: each rotation goes on', async (point) => {
  const family = await raiseFamily(FAST)
  const killed = new SidekeyProcess(family.home, { SIDEKEY_CRASH_AT: point })
  expect((await killed.exited).signal).toBe('SIGKILL')
  for (const [, account] of ACCOUNTS) {
    const live = family.liveIds(account).length
    expect(live === 1 || live === 2).toBe(true)
  }
  const next = await settle(family)
  const before = ACCOUNTS.map(([, account]) => revoked(family, account))
  for (const [id] of ACCOUNTS) {
    expect((await next.api('POST', `/api/credentials/${id}/rotate`)).status).toBe(202)
  }
  await vi.waitFor(async () => {
    const after = ACCOUNTS.map(([, account]) => revoked(family, account))
    expect(after).toEqual(before.map((count) => count + 1))
    await expectKnown(family, next)
  }, WAIT)
  for (const [id] of ACCOUNTS) expect(await ask(next, id)).toEqual([200, null])
  expectManaged(family)
  expect((await next.stop()).code).toBe(0)
})

test('the first secret of a secondary account: refused until it is proven, then it serves', async () => {
  const family = await raiseFamily(CALM, { supportSecret: false })
  const { control } = family.emulator
  const [foreign = ''] = family.liveIds(SUPPORT)
  const config = family.home.path('sidekey.yaml')
  const checked = await runCli(['check', '--online', '--config', config])
  expect(checked, checked.err).toMatchObject({ code: 0 })
  expect(checked.out).toContain('no secret yet')

  control.configure({ createLagMs: { api: 60_000, rest: 60_000 } })
  const sidekey = await family.start()
  await vi.waitFor(() => expect(family.liveIds(SUPPORT)).toHaveLength(2), WAIT)
  expect(await ask(sidekey, 'support')).toEqual([503, 'credential-unavailable'])
  expect(await ask(sidekey, 'main')).toEqual([200, null])
  const unready = await sidekey.page('/readyz?verbose')
  expect(unready.status).toBe(503)
  expect(unready.text).toContain('credential support has no usable version')

  control.configure({ createLagMs: { api: 0, rest: 0 } })
  await vi.waitFor(async () => expect((await sidekey.page('/readyz')).status).toBe(200), WAIT)
  expect(await ask(sidekey, 'support')).toEqual([200, null])
  // It serves once it is proven; that it is current is one of at most two changes per second.
  await vi.waitFor(async () => {
    const listed = await sidekey.command('secrets', 'list', 'support')
    expect(listed.out).toMatch(/^foreign /m)
    expect(listed.out).toMatch(/^current /m)
  }, WAIT)
  const again = await sidekey.command('secrets', 'create', 'support')
  expect(again.code).toBe(1)
  expect(again.err).toContain('has its first secret')

  // What was there before is the operator's to end; then there is room for a standby.
  await vi.waitFor(async () => {
    expect((await statusOf(sidekey, 'support')).reason).toBe('slot-full-foreign')
  }, WAIT)
  expect(family.liveIds(SUPPORT)).toContain(foreign)
  expect(await sidekey.command('secrets', 'revoke', 'support', foreign)).toMatchObject({ code: 0 })
  expect(await sidekey.command('retry', 'support')).toMatchObject({ code: 0 })
  await vi.waitFor(async () => {
    const status = await statusOf(sidekey, 'support')
    expect(status.phase).toBe('staged')
    expect(idsOf(status)).toEqual(family.liveIds(SUPPORT))
  }, WAIT)
  expect(family.liveIds(SUPPORT)).not.toContain(foreign)
})

test('both slots hold secrets that nobody here knows: blocked until one is revoked', async () => {
  const family = await raiseFamily(CALM, { supportSecret: false })
  const foreign = family.emulator.control.create(SUPPORT)
  const sidekey = await family.start()
  await vi.waitFor(async () => {
    expect((await statusOf(sidekey, 'support')).reason).toBe('slot-full-foreign')
  }, WAIT)
  expect(await ask(sidekey, 'support')).toEqual([503, 'credential-unavailable'])
  expect(family.liveIds(SUPPORT)).toHaveLength(2)
  expect(await sidekey.command('secrets', 'revoke', 'support', foreign)).toMatchObject({ code: 0 })
  expect(await sidekey.command('secrets', 'create', 'support')).toMatchObject({ code: 0 })
  await vi.waitFor(async () => expect(await ask(sidekey, 'support')).toEqual([200, null]), WAIT)
})

test.each(['save:prepared:after', 'create:after', 'save:verified:after', 'promote:after'])(
  'killed at %s of a first secret, its successor makes no second one',
  async (point) => {
    const family = await raiseFamily(CALM, { supportSecret: false })
    // Only the account without a secret has something to do at this point.
    const others = CALM.replace('drain', 'standby: none, drain')
    family.rotate(CALM, others)
    const killed = new SidekeyProcess(family.home, { SIDEKEY_CRASH_AT: point })
    expect((await killed.exited).signal).toBe('SIGKILL')
    const next = await family.start()
    await vi.waitFor(async () => expect(await ask(next, 'support')).toEqual([200, null]), WAIT)
    const acts = family.emulator.control.acts().filter(({ account }) => account === SUPPORT)
    expect(acts.map(({ act }) => act)).toEqual(['created'])
    const [current] = (await statusOf(next, 'support')).versions
    expect(family.liveIds(SUPPORT)).toContain(current?.id)
  },
)
