import { expect, test } from 'vitest'
import type { ManagementAuth } from '../../../src/kernel/ports/provider.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { Bench, HOUR_MS } from './bench.ts'

const OLD = new SecretValue('Primary0Old0Secret')
const NEW = new SecretValue('Primary0New0Secret')

const auth = (secret: SecretValue): ManagementAuth => ({ account: 'primary', secret })

/** A secondary account whose primary rotates beside it, as the test says. */
class Family {
  /** What the primary's provider accepts. */
  accepted: readonly SecretValue[] = [OLD]
  /** What a secondary is told when it chooses, the first to try first. */
  told: readonly SecretValue[] = [OLD]
  readonly bench = new Bench({ drainMs: 10_000 }, { managedBy: async () => this.told.map(auth) })

  constructor() {
    this.bench.provider.managedBy = ({ secret }) => this.accepted.some((one) => one.equals(secret))
  }

  /** The primary's rotation is over, and its record says so. */
  rotated(): void {
    this.accepted = [NEW]
    this.told = [NEW]
  }

  answers(operation: string): readonly (readonly [string | null, string])[] {
    return this.bench.provider.calls
      .filter((call) => call.operation === operation)
      .map((call) => [call.auth, call.answer] as const)
  }
}

test('a create that meets a secret of the primary just revoked is sent again with its other one', async () => {
  const family = new Family()
  // Chosen before the primary revoked, called after it.
  family.told = [OLD, NEW]
  family.accepted = [NEW]
  await family.bench.reach('staged')
  expect(family.answers('create')).toEqual([
    [OLD.expose(), 'unauthorized'],
    [NEW.expose(), 'created'],
  ])
  expect(family.bench.provider.live()).toHaveLength(2)
})

test('when every secret that was chosen is refused, the next look chooses anew: one value, one secret', async () => {
  const family = new Family()
  family.accepted = [NEW]
  await family.bench.run(HOUR_MS, () => family.answers('list').length === 1)
  expect(family.answers('list')).toEqual([[OLD.expose(), 'unauthorized']])
  expect(family.bench.record.blocked).toBeNull()
  family.rotated()
  await family.bench.reach('staged')
  expect(family.bench.provider.live()).toHaveLength(2)
  expect(family.answers('create')).toEqual([[NEW.expose(), 'created']])
})

test('the primary revokes its old secret while a revoke of the secondary is in flight', async () => {
  const family = new Family()
  const { bench } = family
  await bench.reach('staged')
  const first = bench.record.current
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  bench.provider.delayNextRequest('revoke')
  await bench.run(HOUR_MS, () => bench.provider.count('revoke') === 1)
  family.rotated()
  // It arrives with a secret that is dead by now: nothing happens.
  bench.provider.deliverLate()
  expect(bench.provider.accepts(first.value.expose())).toBe(true)
  await bench.reach('staged', HOUR_MS)
  expect(bench.provider.accepts(first.value.expose())).toBe(false)
  expect(family.answers('revoke').at(-1)).toEqual([NEW.expose(), 'revoked'])
  expect(bench.record).toMatchObject({ blocked: null, previous: null })
  expect(bench.provider.live()).toHaveLength(2)
})

test('a revoke in flight that arrives in time, while its answer is lost, is not sent at something else', async () => {
  const family = new Family()
  const { bench } = family
  await bench.reach('staged')
  await bench.rotator.command({ kind: 'rotate', emergency: false })
  bench.provider.loseNextAnswer('revoke')
  await bench.run(HOUR_MS, () => bench.provider.count('revoke') === 1)
  family.rotated()
  await bench.reach('staged', HOUR_MS)
  const victims = bench.provider.calls.filter(({ operation }) => operation === 'revoke')
  expect(new Set(victims.map(({ subject }) => subject)).size).toBe(1)
  expect(bench.provider.live()).toHaveLength(2)
})

test('every management call of a secondary is authenticated by its primary', async () => {
  const family = new Family()
  const { bench } = family
  await bench.reach('staged')
  const auths = bench.provider.calls.flatMap((call) => (call.auth === null ? [] : [call.auth]))
  expect(new Set(auths)).toEqual(new Set([OLD.expose()]))
})
