import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ManagementAuth, Provider, ProviderTraits } from '../../src/kernel/ports/provider.ts'
import type { SecretValue } from '../../src/kernel/secret-value.ts'
import { ProviderBench } from './provider-bench.ts'
import { describeListed } from './provider-listed.ts'
import { describePromoted } from './provider-promoted.ts'
import { describeTrouble } from './provider-trouble.ts'
import { describeVerify } from './provider-verify.ts'

/** What a call can meet on its way. `hanging`: it arrives, and no answer comes. */
export type Trouble =
  'throttled' | 'failing' | 'lost-request' | 'lost-answer' | 'unreachable' | 'hanging'

export type ProviderCall = 'list' | 'create' | 'revoke' | 'promote' | 'verify'

/** A provider whose account has one secret and one free slot, and the service behind it. */
export interface ProviderUnderTest {
  readonly provider: Provider
  /** The account with its one secret. */
  readonly auth: ManagementAuth
  /** Where the account's secret does not manage it: the same provider with a management token that is refused. */
  readonly unauthorized?: Provider
  /** A value that its rule refuses; null where the provider chooses the values. */
  readonly invalidValue: SecretValue | null
  /** A value that its rule accepts, another one for each number. */
  validValue(number: number): SecretValue
  /** The next such call meets it. `throttled` asks to wait for `THROTTLED_MS`. */
  trouble(call: ProviderCall, trouble: Trouble): Promise<void>
  /** Resolves when a `hanging` call has arrived. */
  hanging(): Promise<void>
  dispose(): Promise<void>
}

export const THROTTLED_MS = 15_000

/** The traits that decide which promises a provider makes. */
export type Shape = Pick<ProviderTraits, 'model' | 'valueSource' | 'selfManaged' | 'secretsMin'>

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
      const { promote, traits } = bench.provider
      expect(promote !== undefined).toBe(shape.model === 'promote')
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
