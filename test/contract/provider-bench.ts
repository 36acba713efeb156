import type { ManagementAuth, Provider } from '../../src/kernel/ports/provider.ts'
import type { SecretValue } from '../../src/kernel/secret-value.ts'
import type { ProviderCall, ProviderUnderTest, Shape } from './provider-under-test.ts'

/** A signal that never aborts. */
export const NOW = new AbortController().signal

export type ManagementCall = Exclude<ProviderCall, 'verify'>

/** The provider of the running test, and the steps that tests are made of. */
export class ProviderBench {
  readonly shape: Shape
  #under: ProviderUnderTest | null = null

  constructor(shape: Shape) {
    this.shape = shape
  }

  begin(under: ProviderUnderTest): void {
    this.#under = under
  }

  get under(): ProviderUnderTest {
    if (this.#under === null) throw new Error('no test is running')
    return this.#under
  }

  get provider(): Provider {
    return this.under.provider
  }

  get auth(): ManagementAuth {
    return this.under.auth
  }

  /** The management calls of this model. */
  get calls(): readonly ManagementCall[] {
    return this.shape.model === 'list'
      ? ['list', 'create', 'revoke']
      : ['create', 'revoke', 'promote']
  }

  /** What a test hands over as the value of a create. */
  given(number: number): SecretValue | null {
    return this.shape.valueSource === 'server' ? null : this.under.validValue(number)
  }

  async create(
    number: number,
    by = this.auth,
  ): Promise<{ readonly id: string; readonly value: SecretValue }> {
    const given = this.given(number)
    const answer = await this.provider.create(by, given, NOW)
    if (answer.kind !== 'created') throw new Error(`not created: ${answer.kind}`)
    const value = answer.value ?? given
    if (value === null) throw new Error('nobody knows the value')
    return { id: answer.secretId, value }
  }

  async listedIds(by = this.auth): Promise<readonly string[]> {
    const answer = await this.provider.list(by, NOW)
    if (answer.kind !== 'listed') throw new Error(`not listed: ${answer.kind}`)
    return answer.secrets.map(({ secretId }) => secretId)
  }

  /** The account's only free slot is taken: which is how its number is known where nothing is listed. */
  async isFull(): Promise<boolean> {
    return (await this.provider.create(this.auth, this.given(8), NOW)).kind === 'slots-full'
  }

  /** One management call of any kind. */
  perform(
    call: ManagementCall,
    signal = NOW,
    by = this.auth,
    provider = this.provider,
  ): Promise<{ readonly kind: string }> {
    switch (call) {
      case 'list':
        return provider.list(by, signal)
      case 'create':
        return provider.create(by, this.given(1), signal)
      case 'revoke':
        return provider.revoke(by, provider.traits.slots?.secondary ?? 'no-such-id', signal)
      case 'promote':
        if (provider.promote === undefined) throw new Error('it has no promotion')
        return provider.promote(by, signal)
    }
  }

  /** The same call, authenticated by what the provider refuses. */
  performUnauthorized(call: ManagementCall): Promise<{ readonly kind: string }> {
    if (!this.shape.selfManaged) {
      return this.perform(call, NOW, this.auth, this.under.unauthorized)
    }
    return this.perform(call, NOW, { ...this.auth, secret: this.under.validValue(9) })
  }
}
