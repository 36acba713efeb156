import { expect, test } from 'vitest'
import { CommandRefusedError } from '../../../src/kernel/errors.ts'
import type { DryRun } from '../../../src/kernel/ports/rotation-control.ts'
import { dryRun } from '../../../src/rotation/dry-run.ts'
import { Bench, DAY_MS, HOUR_MS } from './bench.ts'

const words = ({ steps }: DryRun) => steps.map(({ step, reason }) => `${step}: ${reason}`)

/** What a dry run must not change. */
function trace({ provider, store, storage, crashPoints, telemetry, log }: Bench) {
  return {
    mutations: provider.count('create') + provider.count('revoke'),
    live: provider.live().map(({ secretId }) => secretId),
    written: store.written.length,
    records: new Map(storage.records),
    leases: new Map(storage.leases),
    crashPoints: crashPoints.length,
    told: telemetry.states.length + telemetry.results.length,
    logged: log.events.length,
  }
}

test('a rotation from rest is told to its end, with every wait', async () => {
  const bench = new Bench({ revokeBootstrap: 'confirm' })
  await bench.reach('staged')
  await bench.member('a', [1, 2])

  const told = await dryRun(bench.rotatorDeps(), false)

  expect(words(told)).toEqual([
    'promote: requested',
    'wait: bootstrap-consent',
    'wait: drain',
    'list: confirm-revoke',
    'retire: drained',
    'revoke: retiring',
    'wait: revoke-settling',
    'finish: revoked',
    'prepare: standby',
    'create: intent-saved',
    'wait: proving',
    'verify: proven',
    'stage: prepositioned',
  ])
  expect(told.stopsFor).toBeNull()
  expect(told.steps.find(({ reason }) => reason === 'drain')?.forMs).toBeGreaterThan(0.9 * HOUR_MS)
})

test('a run that begins with a revoke imagines it before it has listed anything', async () => {
  const bench = new Bench()
  await bench.reach('promoted')
  const told = await dryRun(bench.rotatorDeps(), false)
  expect(words(told).filter((word) => word.startsWith('revoke'))).toEqual(['revoke: retiring'])
  expect(words(told)).toContain('finish: revoked')
})

test('nothing changes: no mutating call, no write, no lease, no crash point, no log, no metric', async () => {
  for (const emergency of [false, true]) {
    const bench = new Bench()
    await bench.reach('staged')
    const before = trace(bench)
    const told = await dryRun(bench.rotatorDeps(), emergency)
    expect(words(told)).toContain('revoke: retiring')
    expect(trace(bench)).toEqual(before)
  }
})

test('the provider is asked once for its list, and once for each version', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  const before = { list: bench.provider.count('list'), verify: bench.provider.count('verify') }
  await dryRun(bench.rotatorDeps(), false)
  expect(bench.provider.count('list') - before.list).toBe(1)
  expect(bench.provider.count('verify') - before.verify).toBe(2)
})

test('it tells what the rotation then does', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  const told = words(await dryRun(bench.rotatorDeps(), false))
  const before = bench.log.events.length
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.pass('retiring', 2 * HOUR_MS)
  await bench.reach('staged', DAY_MS)
  const done = bench.log.events
    .slice(before)
    .filter(({ event }) => event === 'rotation step')
    .map(({ fields }) => `${String(fields['step'])}: ${String(fields['reason'])}`)
    // Before a revoke the record is read once more, and decided upon again.
    .filter((step, at, all) => step !== all[at - 1])
  const looks = /^(wait|probe|list): /
  expect(told.filter((step) => !looks.test(step))).toEqual(done)
})

test('an emergency neither drains nor waits for consent', async () => {
  const bench = new Bench({ revokeBootstrap: 'confirm' })
  await bench.reach('staged')
  const told = words(await dryRun(bench.rotatorDeps(), true))
  expect(told).toContain('promote: emergency')
  expect(told).not.toContain('wait: drain')
  expect(told).not.toContain('wait: bootstrap-consent')
})

test('a window that is closed is waited for', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  const nowMs = bench.clock.now()
  bench.policy = { ...bench.policy, blackouts: [{ fromMs: nowMs, untilMs: nowMs + HOUR_MS }] }
  const { steps } = await dryRun(bench.rotatorDeps(), false)
  expect(steps[0]).toMatchObject({ step: 'wait', reason: 'blackout', forMs: HOUR_MS })
})

test('a staged promotion is told with its time', async () => {
  const stagedPromotion = { share: 0.1, forMs: 600_000, refusalsMaxRatio: 0.01 }
  const bench = new Bench({ stagedPromotion })
  await bench.reach('staged')
  const { steps, stopsFor } = await dryRun(bench.rotatorDeps(), false)
  expect(stopsFor).toBeNull()
  const wait = steps.find(({ reason }) => reason === 'staged-promotion')
  expect(wait?.forMs).toBeGreaterThanOrEqual(600_000)
})

test('a dead standby is given up first, and another one made', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  bench.provider.foreignRevoke(bench.record.pending?.secretId ?? '')
  const told = words(await dryRun(bench.rotatorDeps(), false))
  const at = (step: string) => told.indexOf(step)
  expect(at('abort: standby-refused')).toBeGreaterThanOrEqual(0)
  expect(at('create: intent-saved')).toBeGreaterThan(at('abort: standby-refused'))
  expect(at('promote: requested')).toBeGreaterThan(at('create: intent-saved'))
})

test('what would stop it is said, with what to do', async () => {
  const bench = new Bench({ standby: 'none' })
  await bench.reach('idle')
  await bench.run(HOUR_MS)
  bench.provider.foreignCreate('Foreign1Secret')
  const { stopsFor } = await dryRun(bench.rotatorDeps(), false)
  expect(stopsFor).toContain('slot-full-foreign')
  expect(stopsFor).toContain('revoke it, or adopt it')
})

test('a provider that gives no verdict ends it, and not in a loop', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  const deps = bench.rotatorDeps()
  const mute = {
    ...deps,
    provider: {
      traits: deps.provider.traits,
      list: deps.provider.list.bind(deps.provider),
      create: deps.provider.create.bind(deps.provider),
      revoke: deps.provider.revoke.bind(deps.provider),
      verify: async () => ({ kind: 'inconclusive', service: 'api', retryAfterMs: null }) as const,
    },
  }
  expect((await dryRun(mute, false)).stopsFor).toBe('probe-inconclusive')
})

test('a provider that throttles is not asked again', async () => {
  const bench = new Bench({ standby: 'none' })
  await bench.reach('idle')
  await bench.run(HOUR_MS)
  const before = bench.provider.count('list')
  bench.provider.throttleNext('list', 60_000)
  expect((await dryRun(bench.rotatorDeps(), false)).stopsFor).toBe('list-unsettled')
  expect(bench.provider.count('list') - before).toBe(1)
})

test.each(['pause', 'block'] as const)(
  'a rotation that would be refused is refused: %s',
  async (why) => {
    const bench = new Bench()
    await bench.reach('staged')
    if (why === 'pause') await bench.rotator.command({ kind: 'pause' })
    else {
      bench.provider.foreignRevoke(bench.record.current.secretId ?? '')
      bench.provider.foreignCreate('Foreign1Secret')
      const stored = bench.storage.records.get('partner')
      if (stored === undefined) throw new Error('nothing is stored')
      const blocked = { reason: 'no-working-secret', sinceMs: 0, detail: 'adopt one' } as const
      await bench.store.compareAndSwap('partner', stored.version, { ...stored.record, blocked })
    }
    await expect(dryRun(bench.rotatorDeps(), false)).rejects.toThrow(CommandRefusedError)
  },
)
