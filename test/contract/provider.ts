import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ProviderBench } from './provider-bench.ts'
import { describeListed } from './provider-listed.ts'
import { describePromoted } from './provider-promoted.ts'
import { describeTrouble } from './provider-trouble.ts'
import type { ProviderUnderTest, Shape } from './provider-under-test.ts'
import { describeVerify } from './provider-verify.ts'

const LISTED: Shape = { model: 'list', valueSource: 'client', selfManaged: true, secretsMin: 1 }

/** What every provider promises, by its traits, whatever is behind it. */
export function describeProvider(
  name: string,
  setUp: () => Promise<ProviderUnderTest>,
  shape: Shape = LISTED,
): void {
  const bench = new ProviderBench(shape)
  const hooks = () => {
    beforeEach(async () => bench.begin(await setUp()))
    afterEach(() => bench.under.dispose())
  }

  describe(`${name}: traits`, () => {
    hooks()
    test('they make sense', () => {
      const { traits } = bench.provider
      const { secretsMin, secretsMax, valueRule, propagationMaxMs } = traits
      expect(traits).toMatchObject(shape)
      expect(secretsMin).toBeLessThan(secretsMax)
      expect(propagationMaxMs).toBeGreaterThan(0)
      expect(valueRule.classes.length).toBeLessThanOrEqual(valueRule.length)
      for (const character of valueRule.classes.join('')) {
        expect(valueRule.alphabet).toContain(character)
      }
    })
    test('the promote model, and only that, has a promotion and names its places', () => {
      const { traits } = bench.provider
      expect('promote' in bench.provider).toBe(shape.model === 'promote')
      expect(traits.slots !== undefined).toBe(shape.model === 'promote')
    })
  })
  describe(`${name}: secrets`, () => {
    hooks()
    if (shape.model === 'list') describeListed(bench)
    else describePromoted(bench)
  })
  describe(`${name}: trouble`, () => {
    hooks()
    describeTrouble(bench)
  })
  describe(`${name}: verify`, () => {
    hooks()
    describeVerify(bench)
  })
}
