import { describe, expect, test } from 'vitest'
import { CommandRefusedError } from '../../../src/kernel/errors.ts'
import type { RotationCommand } from '../../../src/kernel/ports/rotation-control.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { BOOTSTRAP, Bench, DAY_MS, HOUR_MS } from './bench.ts'

const ROTATE = { kind: 'rotate', emergency: false } as const
const EMERGENCY = { kind: 'rotate', emergency: true } as const

async function staged(policy = {}): Promise<Bench> {
  const bench = new Bench(policy)
  await bench.reach('staged')
  return bench
}

function refusal(bench: Bench, command: RotationCommand): Promise<unknown> {
  return bench.rotator.command(command).then(
    () => null,
    (error: unknown) => error,
  )
}

describe('rotate', () => {
  test('promotes the standby at once; drain and barriers still apply', async () => {
    const bench = await staged()
    const status = await bench.rotator.command(ROTATE)
    expect(status).toMatchObject({ id: 'partner', phase: 'staged', paused: false })
    const look = await bench.look()
    expect(bench.record.phase).toBe('promoted')
    expect(look.reason).toBe('drain')
    await bench.run(HOUR_MS / 2)
    expect(bench.record.phase).toBe('promoted')
    await bench.reach('staged')
  })

  test('is one rotation, however often it is asked for while it runs', async () => {
    const bench = await staged()
    for (let n = 0; n < 3; n++) await bench.rotator.command(ROTATE)
    await bench.look()
    for (let n = 0; n < 3; n++) await bench.rotator.command(ROTATE)
    await bench.run(5 * DAY_MS)
    expect(bench.record.current.generation).toBe(2)
  })

  test('before there is a standby, it is promoted as soon as there is one', async () => {
    const bench = new Bench()
    bench.provider.delayAcceptance(20_000)
    await bench.run(5_000)
    await bench.rotator.command(ROTATE)
    await bench.reach('promoted', 60_000)
  })

  test('is refused while paused or blocked, with the reason', async () => {
    const bench = await staged()
    await bench.rotator.command({ kind: 'pause' })
    expect(await refusal(bench, ROTATE)).toMatchObject({
      message: expect.stringContaining('paused'),
    })
    expect(await refusal(bench, ROTATE)).toBeInstanceOf(CommandRefusedError)
  })
})

describe('pause and resume', () => {
  test('nothing happens while paused, however due it is', async () => {
    const bench = await staged({ everyMs: HOUR_MS })
    await bench.rotator.command({ kind: 'pause' })
    const calls = bench.provider.calls.length
    const look = await bench.run(12 * HOUR_MS)
    expect(look.reason).toBe('paused')
    expect(bench.provider.calls).toHaveLength(calls)
    expect(await bench.rotator.command({ kind: 'resume' })).toMatchObject({ paused: false })
    await bench.reach('promoted', HOUR_MS)
  })
})

describe('abort', () => {
  test('gives the candidate up and makes another one', async () => {
    const bench = await staged()
    const { pending } = bench.record
    await bench.rotator.command({ kind: 'abort' })
    await bench.reach('staged', HOUR_MS)
    expect(bench.record.pending?.generation).toBe(3)
    expect(bench.provider.accepts(pending?.value.expose() ?? '')).toBe(false)
    expect(bench.record.tombstones.map(({ generation }) => generation)).toEqual([2])
  })

  test('undoes a promotion while the old version works', async () => {
    const bench = await staged()
    await bench.rotator.command(ROTATE)
    await bench.reach('promoted')
    await bench.rotator.command({ kind: 'abort' })
    expect(bench.record.current.value.expose()).toBe(BOOTSTRAP)
    await bench.reach('staged', HOUR_MS)
    expect(bench.record.current.value.expose()).toBe(BOOTSTRAP)
    expect(bench.provider.live()).toHaveLength(2)
  })

  test('does not go back to an old version that is dead', async () => {
    const bench = await staged()
    await bench.rotator.command(ROTATE)
    await bench.reach('promoted')
    bench.provider.foreignRevoke(bench.record.previous?.secretId ?? '')
    expect(await refusal(bench, { kind: 'abort' })).toBeInstanceOf(CommandRefusedError)
    expect(bench.record.phase).toBe('promoted')
  })

  test('waits for the replicas that still treat the candidate as current', async () => {
    const bench = await staged()
    await bench.member('r', [1, 2])
    await bench.rotator.command(ROTATE)
    await bench.reach('promoted')
    await bench.member('r', [2, 1])
    await bench.rotator.command({ kind: 'abort' })
    const look = await bench.run(10_000)
    expect(look.reason).toBe('ack-barrier')
    await bench.member('r', [1])
    await bench.pass('idle')
  })

  test('has nothing to do when idle', async () => {
    const bench = new Bench({ standby: 'none' })
    await bench.run(1_000)
    expect(await refusal(bench, { kind: 'abort' })).toBeInstanceOf(CommandRefusedError)
  })
})

describe('adopt', () => {
  test('two ids at the start: nothing is guessed, one value settles both', async () => {
    const bench = new Bench()
    await bench.rotator.ensureRecord()
    const otherId = bench.provider.foreignCreate('Other0Secret')
    await bench.run(60_000)
    expect(bench.record.blocked?.reason).toBe('attribution-ambiguous')
    const secret = new SecretValue('Other0Secret')
    await bench.rotator.command({ kind: 'adopt', secretId: otherId, secret })
    await bench.reach('staged', HOUR_MS)
    expect(bench.record.current).toMatchObject({ generation: 1, secretId: 'id-1' })
    expect(bench.record.pending).toMatchObject({ generation: 2, secretId: otherId })
    expect(bench.provider.count('create')).toBe(0)
  })

  test('the value of current only gives current its id', async () => {
    const bench = new Bench()
    await bench.rotator.ensureRecord()
    bench.provider.foreignCreate('Other0Secret')
    await bench.run(60_000)
    const secret = new SecretValue(BOOTSTRAP)
    await bench.rotator.command({ kind: 'adopt', secretId: 'id-1', secret })
    expect(bench.record.current.secretId).toBe('id-1')
    await bench.run(60_000)
    expect(bench.record.blocked?.reason).toBe('slot-full-foreign')
  })

  test('a working secret ends no-working-secret: it is proven and promoted', async () => {
    const bench = await staged()
    for (const { secretId } of bench.provider.live()) bench.provider.foreignRevoke(secretId)
    const rescueId = bench.provider.foreignCreate('Rescue0Secret')
    await bench.clock.advance(1)
    bench.rotator.suspect()
    await bench.run(60_000)
    expect(bench.record.blocked?.reason).toBe('no-working-secret')
    const secret = new SecretValue('Rescue0Secret')
    await bench.rotator.command({ kind: 'adopt', secretId: rescueId, secret })
    await bench.reach('promoted', HOUR_MS)
    expect(bench.record.current.value.equals(secret)).toBe(true)
    await bench.reach('staged', 3 * HOUR_MS)
  })

  test.each([
    ['a value that does not work', 'id-1', 'Wrong0Secret'],
    ['an id that is not listed', 'id-9', BOOTSTRAP],
  ])('refuses %s', async (_what, secretId, value) => {
    const bench = new Bench({ standby: 'none' })
    await bench.run(1_000)
    const secret = new SecretValue(value)
    const refused = await refusal(bench, { kind: 'adopt', secretId, secret })
    expect(refused).toBeInstanceOf(CommandRefusedError)
    expect(String(refused)).not.toContain(value)
  })
})

describe('revoke', () => {
  test('is the consent that the first revoke waits for', async () => {
    const bench = await staged({ revokeBootstrap: 'confirm' })
    await bench.rotator.command(ROTATE)
    await bench.reach('promoted')
    const look = await bench.run(10 * DAY_MS)
    expect(look.reason).toBe('bootstrap-consent')
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(true)
    const secretId = bench.record.previous?.secretId ?? ''
    await bench.rotator.command({ kind: 'revoke', secretId })
    await bench.reach('staged', HOUR_MS)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
    // The consent was for this secret; the next ones are ours, and need none.
    await bench.rotator.command(ROTATE)
    await bench.run(2 * HOUR_MS)
    expect(bench.record.current.generation).toBe(3)
    expect(bench.record.phase).toBe('staged')
  })

  test('a foreign secret goes at once, by the word of the operator', async () => {
    const bench = new Bench({ standby: 'none' })
    await bench.run(1_000)
    const foreignId = bench.provider.foreignCreate('Foreign0Secret')
    await bench.rotator.command({ kind: 'revoke', secretId: foreignId })
    expect(bench.provider.live().map(({ value }) => value)).toEqual([BOOTSTRAP])
  })

  test('the secret that serves is never revoked by hand', async () => {
    const bench = await staged()
    const secretId = bench.record.current.secretId ?? ''
    expect(await refusal(bench, { kind: 'revoke', secretId })).toBeInstanceOf(CommandRefusedError)
    expect(bench.provider.count('revoke')).toBe(0)
  })

  test('nothing is revoked by hand while the current secret does not work', async () => {
    const bench = new Bench({ standby: 'none' })
    await bench.run(1_000)
    const foreignId = bench.provider.foreignCreate('Foreign0Secret')
    bench.provider.foreignRevoke(bench.record.current.secretId ?? '')
    const refused = await refusal(bench, { kind: 'revoke', secretId: foreignId })
    expect(refused).toBeInstanceOf(CommandRefusedError)
    expect(bench.provider.live()).toHaveLength(1)
  })
})

describe('emergency', () => {
  test('the standby serves at once, and the leaked secret is revoked without a drain', async () => {
    const blackouts = [{ fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER }]
    const bench = await staged({ blackouts, revokeBootstrap: 'confirm' })
    const startedAtMs = bench.clock.now()
    await bench.rotator.command(EMERGENCY)
    await bench.run(30_000)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
    expect(bench.record.phase).toBe('staged')
    expect(bench.record.emergency).toBeNull()
    expect(bench.record.lastRotationAtMs ?? 0).toBeLessThan(startedAtMs + 5_000)
  })

  test('it still waits for a replica that could not fall forward', async () => {
    const bench = await staged()
    await bench.member('behind', [1])
    await bench.rotator.command(EMERGENCY)
    const look = await bench.run(10_000)
    expect(look.reason).toBe('ack-barrier')
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(true)
    await bench.member('behind', [1, 2])
    await bench.run(10_000)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
  })

  test('without a standby it makes one, promotes it, revokes the leaked one', async () => {
    const bench = new Bench({ standby: 'none' })
    await bench.run(1_000)
    await bench.rotator.command(EMERGENCY)
    await bench.run(30_000)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
    expect(bench.record).toMatchObject({ phase: 'idle', emergency: null, requestedAtMs: null })
  })

  test('after a promotion both versions go: nobody can know which one was meant', async () => {
    const bench = await staged()
    await bench.rotator.command(ROTATE)
    await bench.reach('promoted')
    const leaked = bench.record.current.value.expose()
    await bench.rotator.command(EMERGENCY)
    await bench.run(60_000)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
    expect(bench.provider.accepts(leaked)).toBe(false)
    expect(bench.record).toMatchObject({ phase: 'staged', emergency: null })
  })

  test('it does not rest after candidates that were given up', async () => {
    const bench = new Bench({ standby: 'none' })
    await bench.run(1_000)
    bench.provider.createLagMs = 10 * HOUR_MS
    await bench.rotator.command(ROTATE)
    await bench.run(2 * HOUR_MS, () => (bench.record.notBeforeMs ?? 0) > bench.clock.now() + 60_000)
    bench.provider.createLagMs = 0
    expect((await bench.run(20_000)).reason).toBe('backing-off')
    await bench.rotator.command(EMERGENCY)
    await bench.run(30_000)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
  })

  test('it waits as long as the provider asked for', async () => {
    const bench = new Bench({ standby: 'none' })
    await bench.run(1_000)
    bench.provider.throttleNext('create', 60_000)
    await bench.rotator.command(EMERGENCY)
    await bench.run(10_000)
    await bench.rotator.command({ kind: 'rotate', emergency: true, compromised: ['current'] })
    await bench.run(45_000)
    expect(bench.provider.count('create')).toBe(1)
  })

  test('a leaked standby is replaced; the current secret stays', async () => {
    const bench = await staged()
    const leaked = bench.record.pending?.value.expose() ?? ''
    await bench.rotator.command({ kind: 'rotate', emergency: true, compromised: ['pending'] })
    await bench.run(60_000)
    expect(bench.provider.accepts(leaked)).toBe(false)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(true)
    expect(bench.record).toMatchObject({ phase: 'staged', emergency: null, requestedAtMs: null })
    expect(bench.record.current.generation).toBe(1)
    expect(bench.record.pending?.generation).toBe(3)
  })

  test('where both leaked, a third one is made, and neither serves again', async () => {
    const bench = await staged()
    const leaked = bench.record.pending?.value.expose() ?? ''
    const compromised = ['current', 'pending'] as const
    await bench.rotator.command({ kind: 'rotate', emergency: true, compromised })
    await bench.run(120_000)
    expect(bench.provider.accepts(leaked)).toBe(false)
    expect(bench.provider.accepts(BOOTSTRAP)).toBe(false)
    expect(bench.store.written.some(({ current }) => current.generation === 2)).toBe(false)
    expect(bench.record).toMatchObject({ phase: 'staged', emergency: null })
  })

  test('a standby that is not there can not have leaked', async () => {
    const bench = new Bench({ standby: 'none' })
    await bench.run(1_000)
    const refused = await refusal(bench, {
      kind: 'rotate',
      emergency: true,
      compromised: ['pending'],
    })
    expect(refused).toBeInstanceOf(CommandRefusedError)
    expect(bench.record.emergency).toBeNull()
  })

  test('it ends a pause', async () => {
    const bench = await staged()
    await bench.rotator.command({ kind: 'pause' })
    expect(await bench.rotator.command(EMERGENCY)).toMatchObject({ paused: false })
  })
})

test('the status names every version without a value', async () => {
  const bench = await staged()
  await bench.member('r', [1, 2], { 1: 1_700_000_000_000 })
  const status = await bench.rotator.status()
  expect(status).toMatchObject({
    provider: 'fake',
    phase: 'staged',
    reason: 'not-due',
    blocked: null,
    versions: [
      { stage: 'current', id: 'id-1', lastUsedAtMs: 1_700_000_000_000 },
      { stage: 'pending', id: 'id-2', lastUsedAtMs: null },
    ],
  })
  expect(JSON.stringify(status)).not.toContain(BOOTSTRAP)
})

test('no log line carries a value', async () => {
  const bench = await staged()
  await bench.rotator.command(EMERGENCY)
  await bench.run(HOUR_MS)
  const lines = JSON.stringify(bench.log.events)
  for (const call of bench.provider.calls) {
    if (call.operation === 'create') expect(lines).not.toContain(call.subject)
  }
  expect(lines).not.toContain(BOOTSTRAP)
})

test('a command that is saved while a look reads is no foreign write', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  const { store } = bench
  const started = Promise.withResolvers<void>()
  const answered = Promise.withResolvers<void>()
  const read = store.read.bind(store)
  store.read = async (credentialId) => {
    store.read = read
    const old = await read(credentialId)
    started.resolve()
    await answered.promise
    return old
  }

  const looking = bench.look()
  await started.promise
  await bench.rotator.command({ kind: 'pause' })
  answered.resolve()

  expect((await looking).reason).toBe('paused')
  expect(bench.record.blocked).toBeNull()
})
