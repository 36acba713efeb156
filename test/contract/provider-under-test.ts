import type { ManagementAuth, Provider, ProviderTraits } from '../../src/kernel/ports/provider.ts'
import type { SecretValue } from '../../src/kernel/secret-value.ts'

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
