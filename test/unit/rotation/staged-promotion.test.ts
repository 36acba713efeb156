import { expect, test } from 'vitest'
import { liveVersions } from '../../../src/kernel/credential.ts'
import type { RolloutReport } from '../../../src/kernel/ports/store.ts'
import { Bench, HOUR_MS, ID } from './bench.ts'

const MINUTE_MS = 60_000
const STAGED = {
  stagedPromotion: { share: 0.1, forMs: 10 * MINUTE_MS, refusalsMaxRatio: 0.01 },
} as const

/** A bench at rest with a standby, g2, and replicas that hold both versions. */
async function atRest(bench = new Bench(STAGED), replicas = ['a']): Promise<Bench> {
  for (const instance of replicas) await bench.member(instance, [1])
  await bench.pass('verified')
  for (const instance of replicas) await bench.member(instance, [1, 2])
  await bench.reach('staged', HOUR_MS)
  return bench
}

/** What a replica says of g2. */
async function tell(
  bench: Bench,
  instance: string,
  report: Partial<RolloutReport> = {},
): Promise<void> {
  const rollout = { generation: 2, forMs: 0, requests: 100, refusals: 0, ...report }
  const member = { instance, held: [1, 2], ackGeneration: 1, lastUse: {}, atMs: bench.clock.now() }
  await bench.store.publishMember(ID, { ...member, rollout })
}

/** Replicas that report every 5 s, for this long. */
async function watch(
  bench: Bench,
  forMs: number,
  said: Readonly<Record<string, Partial<RolloutReport>>>,
): Promise<void> {
  const untilMs = bench.clock.now() + forMs
  const sinceMs = bench.record.pending?.rollout?.sinceMs ?? 0
  while (bench.clock.now() < untilMs) {
    for (const [instance, report] of Object.entries(said)) {
      await tell(bench, instance, { forMs: bench.clock.now() - sinceMs, ...report })
    }
    await bench.run(5_000)
  }
}

async function rollOut(bench: Bench): Promise<void> {
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  const look = await bench.look()
  expect(look.reason).toBe('staged-promotion')
  expect(bench.record.pending?.rollout?.share).toBe(0.1)
}

test('a share of the requests starts with the new version, then all of them do', async () => {
  const bench = await atRest()
  await rollOut(bench)
  expect(liveVersions(bench.record)).toMatchObject([
    { generation: 1 },
    { generation: 2, share: 0.1 },
  ])

  await watch(bench, 9 * MINUTE_MS, { a: {} })
  expect(bench.record).toMatchObject({ phase: 'staged', current: { generation: 1 } })
  expect((await bench.rotator.status()).rollout).toMatchObject({ share: 0.1, requests: 100 })

  await watch(bench, 2 * MINUTE_MS, { a: {} })
  expect(bench.record).toMatchObject({ phase: 'promoted', current: { generation: 2 } })
  expect(liveVersions(bench.record).some(({ share }) => share !== undefined)).toBe(false)
})

test('without the option all requests move at once', async () => {
  const bench = await atRest(new Bench())
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.look()
  expect(bench.record.phase).toBe('promoted')
})

test('a version that is refused too often is given up, and nothing else was revoked', async () => {
  const bench = await atRest()
  await rollOut(bench)

  await watch(bench, 5_000, { a: { refusals: 2 } })
  expect(bench.record.phase).toBe('staged')
  await watch(bench, 5_000, { a: { refusals: 3 } })

  expect(bench.record).toMatchObject({ phase: 'aborting', current: { generation: 1 } })
  expect(bench.provider.count('revoke')).toBe(0)
})

test('it is revoked only when no replica starts requests with it any more', async () => {
  const bench = await atRest(undefined, ['a', 'b'])
  await rollOut(bench)
  await watch(bench, 10_000, { a: { refusals: 9 }, b: {} })
  await bench.member('a', [1])

  const look = await bench.look()

  expect(look.reason).toBe('ack-barrier')
  expect(bench.provider.count('revoke')).toBe(0)
  await bench.member('b', [1])
  await bench.pass('idle')
  expect(bench.provider.count('revoke')).toBe(1)
})

test('at the end of the stage a single refusal above the bound counts', async () => {
  const bench = await atRest()
  await rollOut(bench)
  await watch(bench, 9 * MINUTE_MS, { a: { requests: 50, refusals: 1 } })
  expect(bench.record.phase).toBe('staged')
  await watch(bench, MINUTE_MS + 5_000, { a: { requests: 50, refusals: 1 } })
  expect(bench.record).toMatchObject({ phase: 'aborting', current: { generation: 1 } })
})

test('refusals within the bound do not hold it up', async () => {
  const bench = await atRest()
  await rollOut(bench)
  await watch(bench, 11 * MINUTE_MS, { a: { requests: 1_000, refusals: 10 } })
  expect(bench.record.current.generation).toBe(2)
})

test('refusals of all replicas count together', async () => {
  const bench = await atRest(undefined, ['a', 'b', 'c'])
  await rollOut(bench)
  const one = { requests: 20, refusals: 1 }
  await watch(bench, 5_000, { a: one, b: one, c: one })
  expect(bench.record.phase).toBe('aborting')
})

test('a replica that can not report holds the promotion up, and raises an alarm', async () => {
  const bench = await atRest(undefined, ['a', 'b'])
  await rollOut(bench)
  await tell(bench, 'b')
  await watch(bench, 4 * MINUTE_MS, { a: {} })
  expect((await bench.look()).reason).toBe('staged-promotion')

  await watch(bench, 20 * MINUTE_MS, { a: {} })

  expect(bench.record).toMatchObject({ phase: 'staged', blocked: { reason: 'member-silent' } })
  await watch(bench, MINUTE_MS, { a: {}, b: { forMs: 0 } })
  expect(bench.record).toMatchObject({ blocked: null, current: { generation: 2 } })
})

test('a restart of the only replica begins the stage anew', async () => {
  const bench = await atRest()
  await rollOut(bench)
  await watch(bench, 8 * MINUTE_MS, { a: {} })
  await bench.store.removeMember(ID, 'a')

  const restartedAtMs = bench.clock.now()
  for (let n = 0; n < 60; n++) {
    await tell(bench, 'b', { forMs: bench.clock.now() - restartedAtMs })
    await bench.run(5_000)
  }
  expect(bench.record.phase).toBe('staged')
  await tell(bench, 'b', { forMs: 10 * MINUTE_MS })
  await bench.run(5_000)
  expect(bench.record.phase).toBe('promoted')
})

test('a crash of the leader leaves the stage where it was', async () => {
  const bench = await atRest()
  await rollOut(bench)
  const { rollout } = bench.record.pending ?? {}
  bench.start()
  await bench.clock.advance(20_000)
  await watch(bench, MINUTE_MS, { a: {} })
  expect(bench.record.pending?.rollout).toEqual(rollout)
})

test('an emergency skips the stage', async () => {
  const bench = await atRest()
  await rollOut(bench)
  await bench.rotator.command({ kind: 'rotate', emergency: true })
  await bench.look()
  expect(bench.record.current.generation).toBe(2)
})

test('a current version that works no more ends the stage at once', async () => {
  const bench = await atRest()
  await rollOut(bench)
  bench.provider.foreignRevoke(bench.record.current.secretId ?? '')
  bench.rotator.suspect()
  await bench.run(10_000, () => bench.record.current.generation === 2)
  expect(bench.record.current.generation).toBe(2)
})

test('an abort during the stage gives the new version up', async () => {
  const bench = await atRest()
  await rollOut(bench)
  await bench.rotator.command({ kind: 'abort' })
  expect(bench.record).toMatchObject({ phase: 'aborting', current: { generation: 1 } })
})

test('a window that closes during the stage holds the promotion up, not the bound', async () => {
  const bench = await atRest()
  await rollOut(bench)
  const nowMs = bench.clock.now()
  const blackouts = [{ fromMs: nowMs, untilMs: nowMs + HOUR_MS }]
  bench.policy = { ...bench.policy, blackouts }
  bench.start()
  await bench.clock.advance(20_000)
  await watch(bench, 15 * MINUTE_MS, { a: {} })
  expect((await bench.look()).reason).toBe('blackout')
  await watch(bench, 40_000, { a: { refusals: 40 } })
  expect(bench.record.phase).not.toBe('staged')
  expect(bench.record.current.generation).toBe(1)
})

test('where no replica is registered, the start of the stage decides', async () => {
  const bench = await atRest(undefined, [])
  await rollOut(bench)
  await bench.run(9 * MINUTE_MS)
  expect(bench.record.phase).toBe('staged')
  await bench.run(2 * MINUTE_MS)
  expect(bench.record.phase).toBe('promoted')
})

test('a replica that registers while the end of the stage is decided is asked first', async () => {
  const bench = await atRest(undefined, [])
  await rollOut(bench)
  const verify = bench.provider.verify.bind(bench.provider)
  bench.provider.verify = async (...args) => {
    await tell(bench, 'late', { requests: 0 })
    return verify(...args)
  }
  await bench.clock.advance(11 * MINUTE_MS)
  const look = await bench.look()
  expect(look.reason).toBe('staged-promotion')
  expect(bench.record.phase).toBe('staged')
})
