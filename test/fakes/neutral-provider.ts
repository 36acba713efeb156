import type { Clock } from '../../src/kernel/ports/clock.ts'
import type {
  CreateAnswer,
  ListAnswer,
  ManagementAuth,
  PromoteAnswer,
  Provider,
  ProviderFailure,
  ProviderTraits,
  RevokeAnswer,
  VerifyAnswer,
} from '../../src/kernel/ports/provider.ts'
import { SecretValue } from '../../src/kernel/secret-value.ts'

export interface NeutralSecret {
  /** In the promote model the place that it is in. */
  secretId: string
  readonly value: string
  readonly createdAtMs: number
  readonly foreign: boolean
}

export interface NeutralCall {
  readonly operation: Operation
  readonly auth: string | null
  readonly subject: string | null
  readonly answer: string
}

type Operation = 'list' | 'create' | 'revoke' | 'promote' | 'verify'

const TRAITS: ProviderTraits = {
  model: 'list',
  valueSource: 'server',
  secretsMin: 1,
  secretsMax: 2,
  deactivateBeforeRevoke: false,
  selfManaged: true,
  propagationMaxMs: 60_000,
  valueRule: { length: 32, alphabet: '0123456789abcdef', classes: [] },
}

const SLOTS = { primary: 'first-place', secondary: 'second-place' }

/**
 * An account whose provider chooses the values: by a list of ids, or by two places and a promotion. Up to two secrets; the
 * answer or the request of any call can be lost.
 */
export class NeutralProvider implements Provider {
  readonly traits: ProviderTraits
  readonly account = 'a1b2c3d4'
  readonly calls: NeutralCall[] = []
  readonly promote?: NonNullable<Provider['promote']>
  readonly #clock: Clock
  readonly #knobs: { readonly operation: Operation; readonly lost: 'answer' | 'request' }[] = []
  #secrets: readonly NeutralSecret[] = []
  #made = 0
  /** The most secrets that ever lived at once. */
  liveMax = 0
  /** Any secret of the account may promote, not only the secondary itself. */
  lenient = false
  /** Probes of this value say nothing. */
  unsureOf: string | null = null
  /** Happens just before the next create arrives. */
  beforeNextCreate: (() => void) | null = null
  /** Values that were ended although nobody of ours had made them. */
  readonly foreignEnded: string[] = []

  constructor(clock: Clock, bootstrap: string, model: ProviderTraits['model']) {
    this.#clock = clock
    const isList = model === 'list'
    this.traits = isList ? TRAITS : { ...TRAITS, model, slots: SLOTS }
    this.#add(isList ? 'id-0' : SLOTS.primary, bootstrap, false)
    if (!isList) this.promote = (auth) => this.#promoted(auth)
  }

  loseNextAnswer(operation: Operation): void {
    this.#knobs.push({ operation, lost: 'answer' })
  }

  loseNextRequest(operation: Operation): void {
    this.#knobs.push({ operation, lost: 'request' })
  }

  /** Somebody creates a secret in the dashboard. */
  foreignCreate(): string {
    const made = this.#make(true)
    return made.value
  }

  /** Somebody ends a secret in the dashboard. */
  foreignEnd(value: string): void {
    this.#secrets = this.#secrets.filter((one) => one.value !== value)
  }

  /** Somebody promotes the secondary in the dashboard. */
  foreignPromote(): void {
    this.#moveUp()
  }

  live(): readonly NeutralSecret[] {
    return this.#secrets
  }

  accepts(value: string): boolean {
    return this.#secrets.some((secret) => secret.value === value)
  }

  count(operation: Operation): number {
    return this.calls.filter((call) => call.operation === operation).length
  }

  list(auth: ManagementAuth): Promise<ListAnswer> {
    return this.#managed<ListAnswer>('list', auth, null, () => {
      if (this.traits.model === 'promote') return { kind: 'forbidden' }
      const secrets = this.#secrets.map(({ secretId, createdAtMs }) => ({
        secretId,
        createdAtMs,
        active: true,
      }))
      return { kind: 'listed', secrets }
    })
  }

  create(auth: ManagementAuth, value: SecretValue | null): Promise<CreateAnswer> {
    if (value !== null) throw new Error('the provider chooses the value')
    return this.#managed<CreateAnswer>('create', auth, null, () => {
      this.beforeNextCreate?.()
      this.beforeNextCreate = null
      if (this.#secrets.length >= this.traits.secretsMax) return { kind: 'slots-full' }
      const made = this.#make(false)
      return { kind: 'created', secretId: made.secretId, value: new SecretValue(made.value) }
    })
  }

  revoke(auth: ManagementAuth, secretId: string): Promise<RevokeAnswer> {
    return this.#managed<RevokeAnswer>('revoke', auth, secretId, () => {
      const secret = this.#secrets.find((one) => one.secretId === secretId)
      if (secret === undefined) return { kind: 'absent' }
      const isPrimary = this.traits.slots?.primary === secretId
      if (isPrimary || this.#secrets.length === 1) return { kind: 'last-secret' }
      this.#end(secret)
      return { kind: 'revoked' }
    })
  }

  async verify(value: SecretValue): Promise<VerifyAnswer> {
    const text = value.expose()
    if (text === '') throw new Error('nobody asks for an unknown value')
    await Promise.resolve()
    const answer = this.#judge(text)
    this.calls.push({ operation: 'verify', auth: null, subject: text, answer: answer.kind })
    return answer
  }

  #judge(text: string): VerifyAnswer {
    if (text === this.unsureOf) return { kind: 'inconclusive', service: 'fake', retryAfterMs: null }
    return this.accepts(text) ? { kind: 'accepted' } : { kind: 'refused', service: 'fake' }
  }

  #promoted(auth: ManagementAuth): Promise<PromoteAnswer> {
    return this.#managed<PromoteAnswer>('promote', auth, null, () => {
      const secondary = this.#secrets.find((one) => one.secretId === SLOTS.secondary)
      if (secondary === undefined) return { kind: 'absent' }
      if (!this.lenient && secondary.value !== auth.secret.expose()) return { kind: 'forbidden' }
      this.#moveUp()
      return { kind: 'promoted' }
    })
  }

  #moveUp(): void {
    const primary = this.#secrets.find((one) => one.secretId === SLOTS.primary)
    if (primary !== undefined) this.#end(primary)
    this.#secrets = this.#secrets.map((one) => ({ ...one, secretId: SLOTS.primary }))
  }

  #end(secret: NeutralSecret): void {
    if (secret.foreign) this.foreignEnded.push(secret.value)
    this.#secrets = this.#secrets.filter((one) => one !== secret)
  }

  #make(foreign: boolean): NeutralSecret {
    const number = ++this.#made
    const id = this.traits.model === 'list' ? `id-${number}` : SLOTS.secondary
    return this.#add(id, `${foreign ? 'foreign' : 'chosen'}-value-${number}`, foreign)
  }

  #add(secretId: string, value: string, foreign: boolean): NeutralSecret {
    const secret = { secretId, value, createdAtMs: this.#clock.now(), foreign }
    this.#secrets = [...this.#secrets, secret]
    this.liveMax = Math.max(this.liveMax, this.#secrets.length)
    return secret
  }

  async #managed<T extends { readonly kind: string }>(
    operation: Operation,
    auth: ManagementAuth,
    subject: string | null,
    apply: () => T,
  ): Promise<T | ProviderFailure> {
    await Promise.resolve()
    const index = this.#knobs.findIndex((knob) => knob.operation === operation)
    const lost = index === -1 ? null : this.#knobs.splice(index, 1)[0]?.lost
    const value = auth.secret.expose()
    const mayManage = auth.account === this.account && this.accepts(value)
    const guarded = (): T | ProviderFailure => (mayManage ? apply() : { kind: 'unauthorized' })
    const answer = lost === 'request' ? null : guarded()
    const told = lost === null ? (answer ?? UNAVAILABLE) : UNAVAILABLE
    this.calls.push({ operation, auth: value, subject, answer: told.kind })
    return told
  }
}

const UNAVAILABLE: ProviderFailure = { kind: 'unavailable' }
