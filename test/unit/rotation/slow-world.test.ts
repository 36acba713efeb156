import { describe, expect, test } from 'vitest'
import { Bench, HOUR_MS } from './bench.ts'

// Calls and stores that take seconds: every proof is old when it arrives, and no step may wait for a younger one for ever.

interface Pace {
  readonly listMs: number
  readonly verifyMs: number
  /** Of each of the three reads that show the record and its replicas. */
  readonly readMs: number
}

function slow({ provider, store, clock }: Bench, { listMs, verifyMs, readMs }: Pace): void {
  const list = provider.list.bind(provider)
  const verify = provider.verify.bind(provider)
  const read = store.read.bind(store)
  const members = store.members.bind(store)
  provider.list = async (auth) => {
    const answer = await list(auth)
    await clock.advance(listMs)
    return answer
  }
  provider.verify = async (value) => {
    const answer = await verify(value)
    await clock.advance(verifyMs)
    return answer
  }
  store.read = async (id) => {
    await clock.advance(readMs)
    return read(id)
  }
  store.members = async (id) => {
    await clock.advance(2 * readMs)
    return members(id)
  }
}

/** Looks whenever it is due until something has come about, at most for half an hour. */
async function lookUntil(bench: Bench, done: () => boolean, beat = async () => {}): Promise<void> {
  const untilMs = bench.clock.now() + HOUR_MS / 2
  while (!done() && bench.clock.now() < untilMs) {
    await beat()
    const look = await bench.look()
    await bench.clock.advance(Math.max(1, look.nextLookAtMs - bench.clock.now()))
  }
}

test.each([
  { listMs: 300, verifyMs: 300, readMs: 50 },
  { listMs: 3_000, verifyMs: 2_500, readMs: 100 },
  { listMs: 6_000, verifyMs: 300, readMs: 100 },
  { listMs: 2_000, verifyMs: 2_000, readMs: 400 },
  { listMs: 100, verifyMs: 2_600, readMs: 900 },
  { listMs: 100, verifyMs: 300, readMs: 1_700 },
])('a rotation comes through with %j', async (pace) => {
  const bench = new Bench({ drainMs: 60_000 })
  await bench.reach('staged')
  slow(bench, pace)
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  const lists = bench.provider.count('list')
  const fromMs = bench.clock.now()
  await lookUntil(bench, () => bench.provider.count('revoke') > 0)
  expect(bench.provider.count('revoke')).toBe(1)
  expect(bench.provider.count('list') - lists).toBeLessThanOrEqual(6)
  expect(bench.clock.now() - fromMs).toBeLessThan(300_000)
})

test.each([
  { listMs: 100, verifyMs: 100, readMs: 1_700 },
  { listMs: 100, verifyMs: 2_600, readMs: 900 },
])('an emergency comes through with %j', async (pace) => {
  const bench = new Bench({ drainMs: 60_000 })
  await bench.reach('staged')
  slow(bench, pace)
  await bench.rotator.command({ kind: 'rotate', emergency: true })
  const fromMs = bench.clock.now()
  await lookUntil(bench, () => bench.provider.count('revoke') > 0)
  expect(bench.provider.count('revoke')).toBe(1)
  expect(bench.clock.now() - fromMs).toBeLessThan(300_000)
})

describe.each(['promoted', 'retiring'] as const)('%s: no list goes on and on', (phase) => {
  /** Drained, with two replicas that report; where the intent is saved, a first revoke has failed. */
  async function drained(prepare: (bench: Bench) => void) {
    const bench = new Bench({ drainMs: 60_000 })
    await bench.reach('staged')
    await bench.clock.advance(10 * HOUR_MS)
    await bench.rotator.command({ kind: 'rotate', emergency: false })
    await bench.reach('promoted')
    const held = [bench.record.current.generation]
    const beat = async () => {
      for (const instance of ['a', 'b']) await bench.member(instance, held)
    }
    await beat()
    if (phase === 'retiring') {
      bench.provider.failNext('revoke', { kind: 'unavailable' })
      await lookUntil(bench, () => bench.provider.count('revoke') > 0, beat)
    }
    prepare(bench)
    await bench.clock.advance(70_000)
    const fromMs = bench.clock.now()
    const before = { lists: bench.provider.count('list'), revokes: bench.provider.count('revoke') }
    await lookUntil(bench, () => bench.provider.count('revoke') > before.revokes, beat)
    return {
      lists: bench.provider.count('list') - before.lists,
      revokes: bench.provider.count('revoke') - before.revokes,
      tookMs: bench.clock.now() - fromMs,
    }
  }

  test('where no probe has a verdict', async () => {
    const { lists, revokes } = await drained(({ provider }) => {
      provider.inconclusive = true
    })
    expect(revokes).toBe(0)
    expect(lists).toBeLessThanOrEqual(3)
  })

  test('where current is listed under another id', async () => {
    const { lists, revokes, tookMs } = await drained(({ provider, record }) => {
      const list = provider.list.bind(provider)
      provider.list = async (auth) => {
        const answer = await list(auth)
        if (answer.kind !== 'listed') return answer
        const secrets = answer.secrets.map((one) =>
          one.secretId === record.current.secretId ? { ...one, secretId: 'renamed' } : one,
        )
        return { ...answer, secrets }
      }
    })
    expect(revokes).toBe(1)
    expect(lists).toBeLessThanOrEqual(10)
    expect(tookMs).toBeLessThan(300_000)
  })
})
