import type { CredentialRecord } from '../kernel/credential.ts'
import type {
  CreateAnswer,
  ListAnswer,
  ListedSecret,
  ManagementAuth,
  PromoteAnswer,
  Provider,
  ProviderTraits,
  RevokeAnswer,
  VerifyAnswer,
} from '../kernel/ports/provider.ts'
import { SecretValue } from '../kernel/secret-value.ts'

/** The id of a secret that a dry run has made. */
export const IMAGINED_ID = 'new'

/**
 * The provider of a dry run: it is really asked what it lists and which values it takes, once each; what would change
 * something happens in the imagination only, and shows in what is listed and taken from then on.
 */
export class ImaginedProvider implements Provider {
  readonly traits: ProviderTraits
  readonly #real: Pick<Provider, 'list' | 'verify'>
  readonly #verdicts: { readonly value: SecretValue; verdict: VerifyAnswer }[] = []
  #answer: ListAnswer | null = null
  /** What the dry run believes now: it tells whose id a revoke names. */
  record: CredentialRecord

  constructor(real: Provider, record: CredentialRecord) {
    this.traits = real.traits
    this.#real = real
    this.record = record
  }

  async list(auth: ManagementAuth, signal: AbortSignal): Promise<ListAnswer> {
    this.#answer ??= await this.#real.list(auth, signal)
    return this.#answer
  }

  async create(
    auth: ManagementAuth,
    value: SecretValue | null,
    signal: AbortSignal,
  ): Promise<CreateAnswer> {
    // What is listed once the change is made must be known before it.
    await this.list(auth, signal)
    const listed = this.#listed
    if (listed.length >= this.traits.secretsMax) return { kind: 'slots-full' }
    const secretId = this.traits.slots?.secondary ?? IMAGINED_ID
    this.#list([...listed, { secretId, createdAtMs: 0, active: true }])
    const made = value ?? new SecretValue('imagined')
    this.#judge(made, { kind: 'accepted' })
    return { kind: 'created', secretId, value: value === null ? made : null }
  }

  async revoke(auth: ManagementAuth, secretId: string, signal: AbortSignal): Promise<RevokeAnswer> {
    await this.list(auth, signal)
    this.#list(this.#listed.filter((one) => one.secretId !== secretId))
    const { current, pending, previous } = this.record
    for (const version of [pending, previous, current]) {
      if (version?.secretId === secretId) this.#judge(version.value, REFUSED)
    }
    return { kind: 'revoked' }
  }

  async promote(auth: ManagementAuth): Promise<PromoteAnswer> {
    const { current, previous } = this.record
    for (const version of [current, previous]) {
      if (version !== null && !version.value.equals(auth.secret))
        this.#judge(version.value, REFUSED)
    }
    return { kind: 'promoted' }
  }

  async verify(value: SecretValue, signal: AbortSignal): Promise<VerifyAnswer> {
    const known = this.#verdicts.find((one) => one.value.equals(value))
    if (known !== undefined) return known.verdict
    const verdict = await this.#real.verify(value, signal)
    this.#judge(value, verdict)
    return verdict
  }

  get #listed(): readonly ListedSecret[] {
    return this.#answer?.kind === 'listed' ? this.#answer.secrets : []
  }

  /** An account that gave no list goes on giving none: asking again would cost calls, and tell nothing new. */
  #list(secrets: readonly ListedSecret[]): void {
    if (this.#answer?.kind === 'listed') this.#answer = { kind: 'listed', secrets }
  }

  #judge(value: SecretValue, verdict: VerifyAnswer): void {
    const known = this.#verdicts.find((one) => one.value.equals(value))
    if (known === undefined) this.#verdicts.push({ value, verdict })
    else known.verdict = verdict
  }
}

const REFUSED: VerifyAnswer = { kind: 'refused', service: 'imagined' }
