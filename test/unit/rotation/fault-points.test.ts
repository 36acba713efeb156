import { describe, expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { BOOTSTRAP, Bench, HOUR_MS, ID } from './bench.ts'

/** Starts and rests staged. */
async function staged(bench = new Bench()): Promise<Bench> {
  await bench.reach('staged')
  return bench
}

/** As far as promoted: current is ours (g2), previous is the bootstrap secret. */
async function promoted(bench = new Bench()): Promise<Bench> {
  await staged(bench)
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await bench.reach('promoted')
  return bench
}

/** Nothing that we created is live and unknown, and the account is as the record says. */
function expectSettled(bench: Bench): void {
  const { current, pending } = bench.record
  const known = [current, pending].flatMap((version) => version?.value.expose() ?? [])
  expect(bench.provider.live().map(({ value }) => value)).toEqual(expect.arrayContaining(known))
  expect(bench.provider.live()).toHaveLength(known.length)
  expect(bench.record.blocked).toBeNull()
}

/** The values that were sent until the first one was known to be created. */
function values(bench: Bench): Set<string> {
  const created = bench.provider.calls.filter(({ operation }) => operation === 'create')
  const first = bench.store.written.find(({ phase }) => phase === 'created')?.pending
  const last = created.findLastIndex(({ subject }) => subject === first?.value.expose())
  return new Set(created.slice(0, last + 1).map(({ subject }) => subject ?? ''))
}

describe('create', () => {
  test('1: killed before the value is saved, nothing existed and another one is chosen', async () => {
    const bench = new Bench()
    bench.armCrash('save:prepared:before')
    await staged(bench)
    expect(bench.armed).toBe(false)
    expect(values(bench).size).toBe(1)
    expectSettled(bench)
  })

  test('2: when another writer was first, its value is obeyed', async () => {
    const bench = new Bench()
    const other = bench.another()
    await bench.run(1, () => bench.stored?.phase === 'idle')
    const signal = new AbortController().signal
    await Promise.all([bench.rotator.look(signal), other.look(signal)])
    await staged(bench)
    expect(values(bench).size).toBe(1)
    expectSettled(bench)
  })

  test('3: the answer of the save of the value is lost', async () => {
    const bench = new Bench()
    await bench.rotator.ensureRecord()
    const original = bench.store.compareAndSwap.bind(bench.store)
    bench.store.compareAndSwap = async (id, expected, record) => {
      if (record.phase === 'prepared' && record.pending?.attempts === 1) {
        bench.storage.loseNextAnswer()
        bench.store.compareAndSwap = original
      }
      return original(id, expected, record)
    }
    await staged(bench)
    expect(values(bench).size).toBe(1)
    expectSettled(bench)
  })

  test('4: killed between the save and the create, the same value is sent', async () => {
    const bench = new Bench()
    bench.armCrash('create:before')
    await staged(bench)
    expect(values(bench).size).toBe(1)
    expectSettled(bench)
  })

  test('5: a create that never arrives is sent again with the same value', async () => {
    const bench = new Bench()
    bench.provider.loseNextRequest('create')
    await bench.pass('created')
    expect(values(bench).size).toBe(1)
    // Then it is given up: the lost one may still arrive, and could not be told from a foreign one.
    await staged(bench)
    expect(bench.record.tombstones.map(({ reason }) => reason)).toEqual(['create-doubled'])
    expectSettled(bench)
  })

  test('6: a lost answer is found by list and probe, without a second create', async () => {
    const bench = new Bench()
    bench.provider.loseNextAnswer('create')
    await staged(bench)
    expect(bench.provider.count('create')).toBe(1)
    expectSettled(bench)
  })

  test('6: killed after the create, before its answer is saved', async () => {
    const bench = new Bench()
    bench.armCrash('create:after')
    await staged(bench)
    expect(bench.provider.count('create')).toBe(1)
    expectSettled(bench)
  })

  test.each(['invalid-value', 'created'] as const)(
    '7: a create that is delivered during the next try (duplicates: %s)',
    async (duplicate) => {
      const bench = new Bench()
      bench.provider.duplicate = duplicate
      bench.provider.delayNextRequest('create')
      await bench.run(20_000, () => bench.provider.count('create') === 1)
      bench.provider.deliverLate()
      await staged(bench)
      expectSettled(bench)
    },
  )

  test('7, 19: a create that is delivered after the rotation is told by its tombstone', async () => {
    const bench = new Bench({ standby: 'none' })
    await bench.run(1_000)
    bench.provider.delayNextRequest('create')
    await bench.rotator.command({ kind: 'rotate', emergency: false })
    await bench.run(30_000, () => bench.provider.count('create') === 1)
    await bench.rotator.command({ kind: 'abort' })
    await bench.reach('idle')
    bench.provider.deliverLate()
    expect(bench.provider.live()).toHaveLength(2)
    await bench.run(HOUR_MS)
    expect(bench.provider.live()).toHaveLength(1)
    expectSettled(bench)
  })

  test('8: a create that ends in a 5xx is never answered with a new value', async () => {
    const bench = new Bench()
    for (let n = 0; n < 4; n++) bench.provider.failNext('create', { kind: 'unavailable' })
    await bench.pass('created')
    expect(values(bench).size).toBe(1)
    await staged(bench)
    expectSettled(bench)
  })

  test('9: a value that the rule refuses is buried, and after three the credential is blocked', async () => {
    const bench = new Bench()
    bench.provider.refusesValue = () => true
    await bench.run(10 * 60_000)
    expect(bench.record.blocked?.reason).toBe('candidate-rejected')
    expect(bench.provider.count('create')).toBe(3)
    expect(bench.record.tombstones).toHaveLength(3)
    bench.provider.refusesValue = () => false
    await bench.rotator.command({ kind: 'retry' })
    await staged(bench)
    expectSettled(bench)
  })

  test('10: "the same value" says that our earlier create worked', async () => {
    const bench = new Bench()
    bench.provider.loseNextAnswer('create')
    bench.provider.freezeList()
    await bench.run(8_000)
    bench.provider.refreshList()
    await staged(bench)
    expect(values(bench).size).toBe(1)
    expectSettled(bench)
  })

  test('11: a create refused as unauthorized leads to no-working-secret, and heals by itself', async () => {
    const bench = new Bench()
    await bench.rotator.ensureRecord()
    const [bootstrap] = bench.provider.live()
    bench.provider.foreignCreate('Foreign0Secret')
    bench.provider.foreignRevoke(bootstrap?.secretId ?? '')
    await bench.run(60_000)
    expect(bench.record.blocked?.reason).toBe('no-working-secret')
    expect(bench.provider.count('create')).toBe(0)
    const [foreign] = bench.provider.live()
    bench.provider.foreignCreate(BOOTSTRAP)
    bench.provider.foreignRevoke(foreign?.secretId ?? '')
    await bench.reach('staged')
    expectSettled(bench)
  })

  test('12, 31, 32: a slot that somebody else took is never freed by guess', async () => {
    const bench = new Bench({ standby: 'none' })
    await bench.run(1_000)
    const foreignId = bench.provider.foreignCreate('Foreign0Secret')
    await bench.rotator.command({ kind: 'rotate', emergency: false })
    await bench.run(HOUR_MS)
    expect(bench.record.blocked?.reason).toBe('slot-full-foreign')
    expect(bench.provider.count('revoke')).toBe(0)
    bench.provider.foreignRevoke(foreignId)
    await bench.reach('promoted')
    expect(bench.record.blocked).toBeNull()
  })

  test('13: a throttled create waits as long as it is told, and longer than a restart', async () => {
    const bench = new Bench()
    bench.provider.throttleNext('create', 60_000)
    const look = await bench.run(5_000)
    expect(look.reason).toBe('throttled')
    expect(bench.provider.count('create')).toBe(1)
    bench.start()
    await bench.run(50_000)
    expect(bench.provider.count('create')).toBe(1)
    await staged(bench)
    expectSettled(bench)
  })

  test('14: propagation is waited for, and not counted against the value', async () => {
    const bench = new Bench()
    bench.provider.delayAcceptance(30_000)
    const look = await bench.run(10_000)
    expect(bench.record.phase).toBe('created')
    expect(look.reason).toBe('propagation')
    await staged(bench)
    expect(bench.provider.count('create')).toBe(1)
    expectSettled(bench)
  })

  test('15: a secret that stays refused is given up, revoked, and the next one is made', async () => {
    const bench = new Bench()
    bench.provider.delayAcceptance(HOUR_MS)
    await bench.pass('aborting')
    bench.provider.delayAcceptance(0)
    await staged(bench)
    expect(bench.record.tombstones.length).toBeGreaterThan(0)
    expectSettled(bench)
  })
})

test.each(['created', 'verified', 'staged'] as const)(
  '16: a process that dies in %s is continued by its successor',
  async (phase) => {
    const bench = new Bench()
    bench.armCrash(`save:${phase}:after`)
    await staged(bench)
    expect(bench.armed).toBe(false)
    expect(bench.provider.count('create')).toBe(1)
    expectSettled(bench)
  },
)

test('17: the answer of the promotion is lost', async () => {
  const bench = await staged()
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  bench.storage.loseNextAnswer()
  await bench.reach('promoted')
  expect(bench.record.current.generation).toBe(2)
  await staged(bench)
  expect(bench.record.current.generation).toBe(2)
  expectSettled(bench)
})

test('18: two leaders at once create one secret', async () => {
  const bench = new Bench()
  const other = bench.another()
  bench.store.acquireLease = async () => ({
    fence: 1,
    renew: async () => true,
    release: async () => {},
  })
  const signal = new AbortController().signal
  for (let turn = 0; turn < 40; turn++) {
    await Promise.all([bench.rotator.look(signal), other.look(signal)])
    await bench.clock.advance(500)
  }
  expect(values(bench).size).toBe(1)
  expect(bench.record.phase).toBe('staged')
  expectSettled(bench)
})

describe('revoke', () => {
  test('23: killed between the intent and the revoke, it is sent by the successor', async () => {
    const bench = await promoted()
    bench.armCrash('revoke:before')
    await staged(bench)
    expect(bench.provider.count('revoke')).toBe(1)
    expectSettled(bench)
  })

  test('24: a lost answer is found by asking again', async () => {
    const bench = await promoted()
    bench.provider.loseNextAnswer('revoke')
    await staged(bench)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
    expectSettled(bench)
  })

  test('25: an id that is gone already is success', async () => {
    const bench = await promoted()
    bench.provider.foreignRevoke(bench.record.previous?.secretId ?? '')
    await staged(bench)
    expectSettled(bench)
  })

  test('26, 28, 30: current is revoked by somebody while previous works: back to previous', async () => {
    const bench = await promoted()
    bench.provider.foreignRevoke(bench.record.current.secretId ?? '')
    bench.rotator.suspect()
    await bench.pass('aborting')
    const demoted = bench.store.written.find(({ phase }) => phase === 'aborting')
    expect(demoted?.current.value.expose()).toBe(BOOTSTRAP)
    expect(bench.telemetry.results).toContain('demoted')
    // The rotation that was asked for is tried again.
    await bench.reach('promoted')
    await staged(bench)
    expectSettled(bench)
  })

  test('26: a revoke that is refused is never sent with the secret that it would end', async () => {
    const bench = await promoted()
    bench.provider.failNext('revoke', { kind: 'unauthorized' })
    await staged(bench)
    const revokes = bench.provider.calls.filter(({ operation }) => operation === 'revoke')
    const current = bench.record.current.value.expose()
    expect(revokes.map(({ auth, answer }) => [auth, answer])).toEqual([
      [current, 'unauthorized'],
      [current, 'revoked'],
    ])
  })

  test('27: the last secret is never revoked; current was, so previous takes over', async () => {
    const bench = await promoted()
    bench.armCrash('save:retiring:after')
    await bench.run(2 * HOUR_MS, () => bench.record.phase === 'retiring')
    bench.provider.foreignRevoke(bench.record.current.secretId ?? '')
    await bench.pass('aborting')
    const demoted = bench.store.written.find(({ phase }) => phase === 'aborting')
    expect(demoted?.current.value.expose()).toBe(BOOTSTRAP)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(true)
    await bench.reach('promoted')
  })

  test('29: the old value is kept as long as it is still accepted', async () => {
    const bench = await promoted()
    bench.provider.revokeLagMs = 30_000
    await bench.reach('retiring')
    const look = await bench.run(20_000)
    expect(look.reason).toBe('revoke-settling')
    expect(bench.record.previous?.value.expose()).toBe(BOOTSTRAP)
    await staged(bench)
    expect(bench.provider.count('revoke')).toBe(1)
  })

  test('every revoke is authenticated by the secret that remains', async () => {
    const bench = await promoted()
    await staged(bench)
    const revokes = bench.provider.calls.filter(({ operation }) => operation === 'revoke')
    expect(revokes.map(({ auth }) => auth)).toEqual([bench.record.current.value.expose()])
  })
})

describe('drift', () => {
  test('30: the standby is revoked by somebody: a new one is made', async () => {
    const bench = await staged()
    bench.provider.foreignRevoke(bench.record.pending?.secretId ?? '')
    bench.rotator.suspect()
    await bench.pass('aborting')
    await staged(bench)
    expect(bench.record.pending?.generation).toBe(3)
    expectSettled(bench)
  })

  test('30: current is revoked by somebody: the standby serves at once, windows or not', async () => {
    const blackouts = [{ fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER }]
    const bench = await staged(new Bench({ blackouts }))
    bench.provider.foreignRevoke(bench.record.current.secretId ?? '')
    bench.rotator.suspect()
    const startedAtMs = bench.clock.now()
    await bench.reach('promoted')
    expect(bench.clock.now() - startedAtMs).toBeLessThan(3_000)
  })

  test('without an early look, drift is found within eleven minutes', async () => {
    const bench = await staged()
    bench.provider.foreignRevoke(bench.record.current.secretId ?? '')
    await bench.reach('promoted', 11 * 60_000)
  })

  test('40: one stale list is not believed', async () => {
    const bench = new Bench()
    await bench.rotator.ensureRecord()
    bench.provider.freezeList()
    await bench.reach('staged')
    bench.provider.refreshList()
    const writes = bench.store.written.length
    bench.provider.freezeList()
    await bench.run(HOUR_MS)
    expect(bench.record.phase).toBe('staged')
    expect(bench.store.written).toHaveLength(writes)
  })
})

describe('record', () => {
  test('33: a record that another tool replaced by an older one stops the rotation', async () => {
    const bench = await staged()
    const before = bench.store.written.find(({ phase }) => phase === 'idle')
    if (before === undefined) throw new Error('no idle record')
    const version = (bench.storage.records.get(ID)?.version ?? 0) + 1
    bench.storage.records.set(ID, { record: before, version })
    const look = await bench.look()
    expect(look.reason).toBe('blocked')
    const calls = bench.provider.count('create')
    await bench.run(HOUR_MS)
    expect(bench.provider.count('create')).toBe(calls)
    await bench.rotator.command({ kind: 'retry' })
    await staged(bench)
    expect(bench.record.pending?.generation).toBe(2)
    expectSettled(bench)
  })

  test('34: a fresh process notices by what replicas hold that the record is older', async () => {
    const bench = await staged()
    const before = bench.store.written.find(({ phase }) => phase === 'idle')
    if (before === undefined) throw new Error('no idle record')
    await bench.member('replica', [2, 1])
    bench.storage.records.set(ID, { record: before, version: 99 })
    bench.start()
    await bench.run(60_000)
    expect(bench.record.blocked?.reason).toBe('record-foreign-write')
    expect(bench.provider.count('create')).toBe(1)
  })

  test('34: a record that vanished is put back from memory, blocked', async () => {
    const bench = await staged()
    const { pending } = bench.record
    bench.storage.records.delete(ID)
    await bench.run(5_000)
    expect(bench.record.pending?.value.equals(pending?.value ?? new SecretValue(''))).toBe(true)
    expect(bench.record.blocked?.reason).toBe('record-foreign-write')
    await bench.rotator.command({ kind: 'retry' })
    await bench.run(5_000)
    expectSettled(bench)
  })

  test('35: while the store is down, nothing is changed at the provider', async () => {
    const bench = await promoted()
    bench.storage.isDown = true
    const look = await bench.look()
    expect(look.reason).toBe('store-unavailable')
    await bench.run(2 * HOUR_MS)
    expect(bench.provider.count('revoke')).toBe(0)
    expect(await bench.rotator.status()).toMatchObject({ reason: 'store-unavailable' })
    bench.storage.isDown = false
    await staged(bench)
    expectSettled(bench)
  })

  test('37: instants of a clock that was ahead do not hold the rotation up', async () => {
    const bench = await promoted()
    const { record } = bench
    const previous = record.previous && {
      ...record.previous,
      demotedAtMs: bench.clock.now() + 90 * 24 * HOUR_MS,
    }
    const version = (bench.storage.records.get(ID)?.version ?? 0) + 1
    bench.storage.records.set(ID, { record: { ...record, previous }, version })
    bench.start()
    await bench.reach('staged', 2 * HOUR_MS)
    expectSettled(bench)
  })

  test('a record that breaks a rule blocks its credential alone, and heals', async () => {
    const bench = await staged()
    const { record } = bench
    const version = (bench.storage.records.get(ID)?.version ?? 0) + 1
    bench.storage.records.set(ID, { record: { ...record, pending: null }, version })
    expect((await bench.look()).reason).toBe('assertion-failed')
    bench.storage.records.set(ID, { record, version: version + 1 })
    expect((await bench.look()).reason).toBe('not-due')
  })

  test('the record of another account is not touched', async () => {
    const bench = await staged()
    await bench.rotator.release()
    bench.deps = { account: 'other000' }
    bench.start()
    expect((await bench.look()).reason).toBe('assertion-failed')
  })

  test('38: a look that is told to stop ends, and the lease is free', async () => {
    const bench = new Bench()
    const stop = new AbortController()
    stop.abort()
    expect((await bench.rotator.look(stop.signal)).reason).toBe('stopping')
    await bench.look()
    const other = bench.another()
    const { signal } = new AbortController()
    expect((await other.look(signal)).reason).toBe('lease-held-elsewhere')
    await bench.rotator.release()
    expect((await other.look(signal)).reason).not.toBe('lease-held-elsewhere')
  })

  test('without a stored record and without a secret, the start fails with a remedy', async () => {
    const bench = new Bench({}, { bootstrapSecret: async () => null })
    await expect(bench.rotator.ensureRecord()).rejects.toMatchObject({
      code: 'configuration-invalid',
      issues: [{ path: `credentials.${ID}.secret` }],
    })
    expect((await bench.look()).reason).toBe('no-secret')
  })
})
