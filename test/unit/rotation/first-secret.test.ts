import { describe, expect, test } from 'vitest'
import { assertCredential, liveVersions } from '../../../src/kernel/credential.ts'
import { AssertionError, CommandRefusedError, ConfigError } from '../../../src/kernel/errors.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { accountSecrets } from '../../../src/rotation/account-secrets.ts'
import { BOOTSTRAP, Bench, HOUR_MS } from './bench.ts'

const PRIMARY = { account: 'primary', secret: new SecretValue('Primary0Secret') }

/** A secondary account with one secret that nobody here knows; the primary's credential manages it. */
function secondary(): Bench {
  const bench = new Bench({}, { bootstrapSecret: null, managedBy: async () => [PRIMARY] })
  bench.provider.managedBy = ({ account, secret }) =>
    account === PRIMARY.account && secret.equals(PRIMARY.secret)
  return bench
}

/** Runs until there is a first secret. */
async function founded(bench: Bench, withinMs = HOUR_MS): Promise<Bench> {
  await bench.run(withinMs, () => (bench.stored?.current.value.length ?? 0) > 0)
  return bench
}

/** The first secret serves, the account has it and the one of before, and nothing else. */
function expectFounded(bench: Bench): void {
  const { current } = bench.record
  expect(bench.provider.live().map(({ value }) => value)).toEqual([
    BOOTSTRAP,
    current.value.expose(),
  ])
  expect(bench.provider.live().at(-1)?.secretId).toBe(current.secretId)
  expect(bench.provider.accepts(current.value.expose())).toBe(true)
  const created = bench.provider.calls.filter(({ operation }) => operation === 'create')
  expect(new Set(created.map(({ subject }) => subject)).size).toBe(1)
}

describe('the first secret of a secondary account', () => {
  test('is chosen and saved, created by the primary, proven, and then current', async () => {
    const bench = await founded(secondary())
    const phases = bench.store.written.map(({ phase }) => phase)
    expect(phases).toEqual(['idle', 'prepared', 'created', 'verified', 'idle'])
    expectFounded(bench)
    const [saved] = bench.store.written.filter(({ phase }) => phase === 'prepared')
    expect(saved?.pending?.value).toEqual(bench.record.current.value)
    const managed = bench.provider.calls.filter(({ auth }) => auth !== null)
    expect(new Set(managed.map(({ auth }) => auth))).toEqual(new Set([PRIMARY.secret.expose()]))
    expect(bench.provider.calls.every(({ subject }) => subject !== '')).toBe(true)
  })

  test('is offered to requests from verified on, never before', async () => {
    const bench = await founded(secondary())
    const offered = bench.store.written.map((record) => liveVersions(record).map((v) => v.stage))
    expect(offered).toEqual([[], [], [], ['pending'], ['current']])
  })

  test('leaves what was there before alone: the full slots wait for the operator', async () => {
    const bench = await founded(secondary())
    await bench.run(HOUR_MS)
    expect(bench.record.blocked?.reason).toBe('slot-full-foreign')
    expectFounded(bench)
    expect(bench.provider.count('revoke')).toBe(0)
    const [foreign] = bench.provider.live()
    await bench.rotator.command({ kind: 'revoke', secretId: foreign?.secretId ?? '' })
    await bench.rotator.command({ kind: 'retry' })
    await bench.run(HOUR_MS)
    expect(bench.record).toMatchObject({ phase: 'staged', blocked: null })
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
  })

  test('is rotated like any other once it serves', async () => {
    const bench = await founded(secondary())
    const first = bench.record.current
    bench.provider.foreignRevoke(bench.provider.live()[0]?.secretId ?? '')
    await bench.reach('staged')
    await bench.rotator.command({ kind: 'rotate', emergency: false })
    await bench.pass('retiring', 3 * HOUR_MS)
    await bench.reach('staged')
    expect(bench.provider.accepts(first.value.expose())).toBe(false)
    expect(bench.record.blocked).toBeNull()
  })

  test('two foreign secrets fill the account: blocked until one of them is revoked', async () => {
    const bench = secondary()
    const foreign = bench.provider.foreignCreate('Foreign2Secret')
    await bench.run(HOUR_MS)
    expect(bench.record.blocked).toMatchObject({
      reason: 'slot-full-foreign',
      detail: expect.stringContaining('revoke it, or adopt it'),
    })
    expect(liveVersions(bench.record)).toEqual([])
    expect(bench.provider.count('create')).toBe(0)
    expect(bench.provider.count('list')).toBeLessThan(20)
    await bench.rotator.command({ kind: 'revoke', secretId: foreign })
    await bench.rotator.command({ kind: 'create' })
    await founded(bench)
    expectFounded(bench)
  })

  test('goes on by itself when somebody frees a slot in the dashboard', async () => {
    const bench = secondary()
    const foreign = bench.provider.foreignCreate('Foreign2Secret')
    await bench.run(HOUR_MS)
    expect(bench.record.blocked?.reason).toBe('slot-full-foreign')
    bench.provider.foreignRevoke(foreign)
    await founded(bench)
    expectFounded(bench)
  })

  test('an adopted secret is the first one, after it has proven itself', async () => {
    const bench = secondary()
    const secretId = bench.provider.foreignCreate('Foreign2Secret')
    await bench.run(HOUR_MS)
    const secret = new SecretValue('Foreign2Secret')
    await bench.rotator.command({ kind: 'adopt', secretId, secret })
    expect(liveVersions(bench.record)).toEqual([])
    await founded(bench)
    expect(bench.record.current).toMatchObject({ secretId, bootstrap: false })
    expect(bench.provider.live()).toHaveLength(2)
  })

  test('a value that the provider refuses by its rule is replaced by another one', async () => {
    const bench = secondary()
    let refused = 0
    bench.provider.refusesValue = () => refused++ === 0
    await founded(bench)
    expect(bench.record.tombstones.map(({ reason }) => reason)).toEqual(['candidate-rejected'])
    expect(bench.provider.live()).toHaveLength(2)
  })

  test('a candidate that is never accepted is given up, revoked by the primary and replaced', async () => {
    const bench = secondary()
    bench.provider.createLagMs = 2 * HOUR_MS
    await bench.pass('aborting')
    bench.provider.createLagMs = 0
    await founded(bench)
    expect(bench.record.current.generation).toBe(3)
    expect(bench.provider.live()).toHaveLength(2)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(true)
  })

  test('a candidate that somebody revokes is replaced', async () => {
    const bench = secondary()
    bench.provider.createLagMs = 2 * HOUR_MS
    await bench.reach('created')
    bench.provider.foreignRevoke(bench.provider.live().at(-1)?.secretId ?? '')
    bench.provider.createLagMs = 0
    await founded(bench)
    expect(bench.provider.live()).toHaveLength(2)
  })
})

describe('a first secret and a crash', () => {
  const points = [
    'list:before',
    'list:after',
    'save:idle:before',
    'save:idle:after',
    'save:prepared:before',
    'save:prepared:after',
    'create:before',
    'create:after',
    'save:created:before',
    'save:created:after',
    'verify:before',
    'verify:after',
    'save:verified:before',
    'save:verified:after',
    'promote:before',
    'promote:after',
  ]
  test.each(points)('at %s: the same value, once', async (point) => {
    const bench = secondary()
    bench.armCrash(point)
    await founded(bench)
    expect(bench.armed).toBe(false)
    expectFounded(bench)
  })

  test('at the save that makes it current', async () => {
    for (const side of ['before', 'after']) {
      const bench = secondary()
      bench.armCrash(`save:idle:${side}`, 1)
      await founded(bench)
      expect(bench.armed).toBe(false)
      expectFounded(bench)
    }
  })

  test.each(['answer', 'request'] as const)('the %s of the create is lost', async (lost) => {
    const bench = secondary()
    if (lost === 'answer') bench.provider.loseNextAnswer('create')
    else bench.provider.loseNextRequest('create')
    bench.armCrash('create:after')
    await founded(bench)
    expectFounded(bench)
  })

  test('the create is delivered late, after the same value was sent again', async () => {
    const bench = secondary()
    bench.provider.delayNextRequest('create')
    await founded(bench)
    bench.provider.deliverLate()
    await bench.run(60_000)
    expectFounded(bench)
  })

  test('the create is delivered late, before anything was sent again', async () => {
    const bench = secondary()
    bench.provider.delayNextRequest('create')
    await bench.run(HOUR_MS, () => bench.provider.count('create') === 1)
    bench.provider.deliverLate()
    bench.start()
    await founded(bench)
    expectFounded(bench)
  })

  test('two replicas found one account', async () => {
    const bench = secondary()
    const other = bench.another()
    const { signal } = new AbortController()
    await Promise.all([bench.look(), other.look(signal)])
    await founded(bench)
    expectFounded(bench)
  })
})

describe('an operator and an account without a first secret', () => {
  test('sees no version, and no value is asked for', async () => {
    const bench = secondary()
    bench.provider.foreignCreate('Foreign2Secret')
    await bench.run(60_000)
    expect((await bench.rotator.status()).versions).toEqual([])
    const secrets = await accountSecrets(bench.rotatorDeps(), bench.record, true)
    expect(secrets.map(({ stage, verdict }) => [stage, verdict])).toEqual([
      [null, null],
      [null, null],
    ])
    expect(bench.provider.count('verify')).toBe(0)
  })

  test('can not rotate, leak or abort what is not there', async () => {
    const bench = secondary()
    await bench.rotator.ensureRecord()
    for (const command of [
      { kind: 'rotate', emergency: false },
      { kind: 'rotate', emergency: true },
      { kind: 'abort' },
    ] as const) {
      await expect(bench.rotator.command(command)).rejects.toThrow(CommandRefusedError)
    }
  })

  test('can not revoke an id that may be the one being made', async () => {
    const bench = secondary()
    bench.provider.loseNextAnswer('create')
    await bench.run(HOUR_MS, () => bench.provider.count('create') === 1)
    const [before, ours] = bench.provider.live()
    const revoke = (secretId = '') => bench.rotator.command({ kind: 'revoke', secretId })
    await expect(revoke(ours?.secretId)).rejects.toThrow('this may be it')
    await revoke(before?.secretId)
    await founded(bench)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
    expect(bench.record.current.secretId).toBe(ours?.secretId)
  })

  test('`create` is refused where there is a secret', async () => {
    const bench = await founded(secondary())
    await expect(bench.rotator.command({ kind: 'create' })).rejects.toThrow('has its first secret')
    const plain = new Bench()
    await expect(plain.rotator.command({ kind: 'create' })).rejects.toThrow(CommandRefusedError)
  })
})

test('a secret that is named and can not be read is never replaced by a made one', async () => {
  const bench = secondary()
  bench.deps = { ...bench.deps, bootstrapSecret: async () => null }
  await expect(bench.start().ensureRecord()).rejects.toThrow(ConfigError)
  expect(bench.stored).toBeUndefined()
})

test('an account that manages itself needs a secret to begin with', async () => {
  const bench = new Bench({}, { bootstrapSecret: null })
  await expect(bench.rotator.ensureRecord()).rejects.toThrow(ConfigError)
})

test('a record whose current lost its value is refused wherever it should have one', async () => {
  const bench = await founded(secondary())
  const { current } = bench.record
  const emptied = { ...bench.record, current: { ...current, value: new SecretValue('') } }
  expect(() => assertCredential(emptied)).toThrow(AssertionError)
})
