import { describe, expect, test } from 'vitest'
import type { ProviderFailure } from '../../../src/kernel/ports/provider.ts'
import { Bench, HOUR_MS } from './bench.ts'

// A provider that is out of order for hours, or that refuses for good, is not stormed with calls. One provider's example
// allows 30 management calls an hour; its probes reach the same API.

const CALLS_MAX = 30
const PROBES_MAX = 60

/** From now on, every call of these operations fails. */
function breakFor(
  { provider }: Bench,
  operations: readonly ('list' | 'create' | 'revoke')[],
  failure: ProviderFailure,
): void {
  for (const operation of operations) {
    provider[operation] = async () => {
      provider.calls.push({ operation, auth: null, subject: null, answer: failure.kind })
      return failure
    }
  }
}

/** The calls of the third hour from now. */
async function callsOfThirdHour(bench: Bench) {
  await bench.run(2 * HOUR_MS)
  const before = bench.provider.calls.length
  await bench.run(HOUR_MS)
  const calls = bench.provider.calls.slice(before)
  const probes = calls.filter(({ operation }) => operation === 'verify').length
  return { probes, management: calls.length - probes }
}

async function expectCalm(bench: Bench): Promise<void> {
  const { probes, management } = await callsOfThirdHour(bench)
  expect(management).toBeLessThanOrEqual(CALLS_MAX)
  expect(probes).toBeLessThanOrEqual(PROBES_MAX)
}

describe.each(['unavailable', 'forbidden', 'unauthorized'] as const)('for hours %s', (kind) => {
  test('a create', async () => {
    const bench = new Bench()
    breakFor(bench, ['create'], { kind })
    await expectCalm(bench)
    expect(bench.record.phase).toBe('prepared')
  })

  test('a list, before anything was made', async () => {
    const bench = new Bench()
    breakFor(bench, ['list'], { kind })
    await expectCalm(bench)
  })

  test('a revoke', async () => {
    const bench = new Bench({ drainMs: 60_000 })
    await bench.reach('staged')
    await bench.rotator.command({ kind: 'rotate', emergency: false })
    breakFor(bench, ['revoke'], { kind })
    await expectCalm(bench)
    expect(bench.record.phase).toBe('retiring')
  })

  test('every management call, at rest', async () => {
    const bench = new Bench()
    await bench.reach('staged')
    breakFor(bench, ['list', 'create', 'revoke'], { kind })
    await expectCalm(bench)
  })
})

test('no probe gets a verdict', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  bench.provider.inconclusive = true
  await expectCalm(bench)
})

test('every known secret is refused', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  for (const { secretId } of bench.provider.live()) bench.provider.foreignRevoke(secretId)
  await expectCalm(bench)
  expect(bench.record.blocked?.reason).toBe('no-working-secret')
})

test('two secrets are listed at the start, and nobody says which is whose', async () => {
  const bench = new Bench()
  bench.provider.foreignCreate('Foreign0Secret')
  await expectCalm(bench)
  expect(bench.record.blocked?.reason).toBe('attribution-ambiguous')
})

test('somebody takes the slot of the standby', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  bench.provider.foreignRevoke(bench.record.pending?.secretId ?? '')
  bench.provider.foreignCreate('Foreign0Secret')
  await expectCalm(bench)
  expect(bench.record.blocked?.reason).toBe('slot-full-foreign')
})

test('a revoked secret is accepted for hours', async () => {
  const bench = new Bench({ drainMs: 60_000 })
  bench.provider.revokeLagMs = 10 * HOUR_MS
  await bench.reach('staged')
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  await expectCalm(bench)
  expect(bench.record.phase).toBe('retiring')
})

test('requests are refused every second, and no secret is to blame', async () => {
  const bench = new Bench()
  await bench.reach('staged')
  const refusals = async (forMs: number): Promise<void> => {
    for (const endMs = bench.clock.now() + forMs; bench.clock.now() < endMs;) {
      bench.rotator.suspect()
      await bench.look()
      await bench.clock.advance(1_000)
    }
  }
  await refusals(2 * HOUR_MS)
  const before = { list: bench.provider.count('list'), verify: bench.provider.count('verify') }
  await refusals(HOUR_MS)
  expect(bench.provider.count('list') - before.list).toBeLessThanOrEqual(CALLS_MAX)
  expect(bench.provider.count('verify') - before.verify).toBeLessThanOrEqual(2 * PROBES_MAX)
})

test('what comes back after an outage is found within a tenth of its length', async () => {
  const bench = new Bench()
  const { provider } = bench
  const create = provider.create.bind(provider)
  breakFor(bench, ['create'], { kind: 'unavailable' })
  await bench.run(HOUR_MS)
  provider.create = create
  await bench.reach('staged', HOUR_MS / 10 + 60_000)
})
