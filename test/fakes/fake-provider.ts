import type { Clock } from '../../src/kernel/ports/clock.ts'
import type {
  CreateAnswer,
  ListAnswer,
  ManagementAuth,
  Provider,
  ProviderFailure,
  ProviderTraits,
  RevokeAnswer,
  VerifyAnswer,
} from '../../src/kernel/ports/provider.ts'
import type { SecretValue } from '../../src/kernel/secret-value.ts'

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = LOWER.toUpperCase()
const DIGITS = '0123456789'

export const FAKE_TRAITS: ProviderTraits = {
  model: 'list',
  valueSource: 'client',
  secretsMin: 1,
  secretsMax: 2,
  deactivateBeforeRevoke: false,
  selfManaged: true,
  propagationMaxMs: 120_000,
  valueRule: {
    length: 25,
    alphabet: `${LOWER}${UPPER}${DIGITS}`,
    classes: [LOWER, UPPER, DIGITS],
  },
}

export interface FakeSecret {
  readonly secretId: string
  readonly value: string
  readonly createdAtMs: number
  /** The services refuse it before, and accept it from then on. */
  acceptedFromMs: number
  /** Null while it is live; the services still accept it for the revoke lag. */
  revokedAtMs: number | null
}

export interface FakeCall {
  readonly operation: Operation
  /** The value that authenticated it; null for `verify`. */
  readonly auth: string | null
  /** The id, or the value, that it was about. */
  readonly subject: string | null
  readonly answer: string
}

type Operation = 'list' | 'create' | 'revoke' | 'verify'

interface Knob {
  readonly operation: Operation
  /** `answer`: it happens, the answer is lost. `request`: it never arrives. `late`: it arrives when `deliverLate` says so. */
  readonly lost: 'answer' | 'request' | 'late' | null
  readonly failure: ProviderFailure | null
}

/** One account in memory with up to two secrets, in virtual time, with faults to order. */
export class FakeProvider implements Provider {
  readonly traits: ProviderTraits
  readonly account: string
  readonly #clock: Clock
  readonly #secrets: FakeSecret[] = []
  readonly #knobs: Knob[] = []
  readonly #late: (() => void)[] = []
  #staleList: readonly FakeSecret[] | null = null
  #ids = 0
  /** Every call that was made, in order. */
  readonly calls: FakeCall[] = []
  createLagMs = 0
  revokeLagMs = 0
  /** What a create of a value answers that the account has already. */
  duplicate: 'invalid-value' | 'created' = 'invalid-value'
  /** Refuses values by a rule of its own. */
  refusesValue: (value: string) => boolean = () => false
  /** Says of a verify that it is inconclusive. */
  inconclusive = false
  /** When set, another account manages this one: whether this is a working secret of it. */
  managedBy: ((auth: ManagementAuth) => boolean) | null = null

  constructor(clock: Clock, bootstrap: string, traits: Partial<ProviderTraits> = {}) {
    this.#clock = clock
    this.account = 'a1b2c3d4'
    this.traits = { ...FAKE_TRAITS, ...traits }
    this.#add(bootstrap, 0)
  }

  loseNextAnswer(operation: Operation): void {
    this.#knobs.push({ operation, lost: 'answer', failure: null })
  }

  loseNextRequest(operation: Operation): void {
    this.#knobs.push({ operation, lost: 'request', failure: null })
  }

  /** The next request is given up by the caller, and arrives at `deliverLate()`. */
  delayNextRequest(operation: Operation): void {
    this.#knobs.push({ operation, lost: 'late', failure: null })
  }

  deliverLate(): void {
    for (const arrive of this.#late.splice(0)) arrive()
  }

  throttleNext(operation: Operation, retryAfterMs: number): void {
    this.#knobs.push({ operation, lost: null, failure: { kind: 'throttled', retryAfterMs } })
  }

  failNext(operation: Operation, failure: ProviderFailure): void {
    this.#knobs.push({ operation, lost: null, failure })
  }

  /** New secrets are refused for this long. */
  delayAcceptance(ms: number): void {
    this.createLagMs = ms
  }

  /** Lists show the account as it is now until `refreshList()`. */
  freezeList(): void {
    this.#staleList = [...this.live()]
  }

  refreshList(): void {
    this.#staleList = null
  }

  /** Somebody creates a secret in the dashboard. */
  foreignCreate(value: string): string {
    return this.#add(value, 0).secretId
  }

  /** Somebody revokes a secret in the dashboard. */
  foreignRevoke(secretId: string): void {
    const secret = this.live().find((one) => one.secretId === secretId)
    if (secret !== undefined) secret.revokedAtMs = this.#clock.now()
  }

  live(): readonly FakeSecret[] {
    return this.#secrets.filter((secret) => secret.revokedAtMs === null)
  }

  accepts(value: string): boolean {
    const nowMs = this.#clock.now()
    return this.#secrets.some(
      (secret) =>
        secret.value === value &&
        nowMs >= secret.acceptedFromMs &&
        (secret.revokedAtMs === null || nowMs < secret.revokedAtMs + this.revokeLagMs),
    )
  }

  /** How many calls of an operation were made. */
  count(operation: Operation): number {
    return this.calls.filter((call) => call.operation === operation).length
  }

  list(auth: ManagementAuth): Promise<ListAnswer> {
    return this.#managed<ListAnswer>('list', auth, null, () => ({
      kind: 'listed',
      secrets: (this.#staleList ?? this.live()).map(({ secretId, createdAtMs }) => ({
        secretId,
        createdAtMs,
        active: true,
      })),
    }))
  }

  create(auth: ManagementAuth, value: SecretValue | null): Promise<CreateAnswer> {
    const text = value?.expose() ?? ''
    return this.#managed<CreateAnswer>('create', auth, text, () => {
      if (this.refusesValue(text)) return { kind: 'invalid-value' }
      const known = this.live().some((secret) => secret.value === text)
      if (known && this.duplicate === 'invalid-value') return { kind: 'invalid-value' }
      if (this.live().length >= this.traits.secretsMax) return { kind: 'slots-full' }
      return {
        kind: 'created',
        secretId: this.#add(text, this.createLagMs).secretId,
        value: null,
      }
    })
  }

  revoke(auth: ManagementAuth, secretId: string): Promise<RevokeAnswer> {
    return this.#managed<RevokeAnswer>('revoke', auth, secretId, () => {
      const secret = this.live().find((one) => one.secretId === secretId)
      if (secret === undefined) return { kind: 'absent' }
      if (this.live().length <= this.traits.secretsMin) return { kind: 'last-secret' }
      secret.revokedAtMs = this.#clock.now()
      return { kind: 'revoked' }
    })
  }

  async verify(value: SecretValue): Promise<VerifyAnswer> {
    const text = value.expose()
    await Promise.resolve()
    const knob = this.#knob('verify')
    const unsure = this.inconclusive || knob !== null
    const retryAfterMs = knob?.failure?.kind === 'throttled' ? knob.failure.retryAfterMs : null
    const answer: VerifyAnswer = unsure
      ? { kind: 'inconclusive', service: 'fake', retryAfterMs }
      : this.accepts(text)
        ? { kind: 'accepted' }
        : { kind: 'refused', service: 'fake' }
    this.calls.push({ operation: 'verify', auth: null, subject: text, answer: answer.kind })
    return answer
  }

  async #managed<T extends { readonly kind: string }>(
    operation: Operation,
    auth: ManagementAuth,
    subject: string | null,
    apply: () => T,
  ): Promise<T | ProviderFailure> {
    await Promise.resolve()
    const knob = this.#knob(operation)
    const guarded = () => (this.#mayManage(auth) ? apply() : UNAUTHORIZED)
    if (knob?.lost === 'late') this.#late.push(() => void guarded())
    const arrives = knob === null || knob.lost === 'answer'
    const answer = arrives ? guarded() : null
    const told = knob === null ? (answer ?? UNAVAILABLE) : (knob.failure ?? UNAVAILABLE)
    const exposed = auth.secret.expose()
    this.calls.push({ operation, auth: exposed, subject, answer: told.kind })
    return told
  }

  #mayManage(auth: ManagementAuth): boolean {
    if (this.managedBy !== null) return this.managedBy(auth)
    return auth.account === this.account && this.accepts(auth.secret.expose())
  }

  #knob(operation: Operation): Knob | null {
    const index = this.#knobs.findIndex((knob) => knob.operation === operation)
    return index === -1 ? null : (this.#knobs.splice(index, 1)[0] ?? null)
  }

  #add(value: string, lagMs: number): FakeSecret {
    const nowMs = this.#clock.now()
    const secret: FakeSecret = {
      secretId: `id-${++this.#ids}`,
      value,
      createdAtMs: nowMs,
      acceptedFromMs: nowMs + lagMs,
      revokedAtMs: null,
    }
    this.#secrets.push(secret)
    return secret
  }
}

const UNAUTHORIZED: ProviderFailure = { kind: 'unauthorized' }
const UNAVAILABLE: ProviderFailure = { kind: 'unavailable' }
