import { PROVIDER_CALL_TIMEOUT_MS } from '../../../src/kernel/limits.ts'
import type {
  CreateAnswer,
  ListAnswer,
  ManagementAuth,
  Provider,
  ProviderTraits,
  RevokeAnswer,
  VerifyAnswer,
} from '../../../src/kernel/ports/provider.ts'
import type { SecretValue } from '../../../src/kernel/secret-value.ts'
import type { SeededRandom } from '../../fakes/random.ts'
import type { Recorder } from '../history.ts'
import type { ProviderFate } from './faults.ts'
import type { Fate, Network } from './network.ts'
import type { Operation, SimAccount } from './sim-account.ts'
import { EPOCH_MS } from './sim-process.ts'
import type { SimProcess } from './sim-process.ts'
import type { VirtualTime } from './virtual-time.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const TRAITS: ProviderTraits = {
  model: 'list',
  valueSource: 'client',
  secretsMin: 1,
  secretsMax: 2,
  deactivateBeforeRevoke: false,
  selfManaged: true,
  propagationMaxMs: 120_000,
  valueRule: {
    length: 25,
    alphabet: `${LETTERS}${LETTERS.toUpperCase()}0123456789`,
    classes: [LETTERS, LETTERS.toUpperCase(), '0123456789'],
  },
}
type Words = { readonly kind: string }

/** The provider as one process sees it, over the network. */
export class SimProvider implements Provider {
  readonly traits: ProviderTraits
  readonly #account: SimAccount
  readonly #network: Network
  readonly #process: SimProcess
  readonly #history: Recorder
  readonly #time: VirtualTime
  readonly #random: SeededRandom

  constructor(
    account: SimAccount,
    network: Network,
    process: SimProcess,
    history: Recorder,
    time: VirtualTime,
    random: SeededRandom,
  ) {
    this.traits = { ...TRAITS, selfManaged: account.habits.manager === null }
    this.#account = account
    this.#network = network
    this.#process = process
    this.#history = history
    this.#time = time
    this.#random = random
  }

  list(auth: ManagementAuth, signal: AbortSignal): Promise<ListAnswer> {
    return this.#call<ListAnswer>({ operation: 'list', auth, signal }, () => {
      const secrets = this.#account.listed().map((secret) => ({
        secretId: secret.secretId,
        createdAtMs: EPOCH_MS + secret.createdAtMs,
        active: true,
      }))
      return { kind: 'listed', secrets }
    })
  }

  create(
    auth: ManagementAuth,
    value: SecretValue | null,
    signal: AbortSignal,
  ): Promise<CreateAnswer> {
    const text = value?.expose() ?? ''
    return this.#call<CreateAnswer>({ operation: 'create', auth, value: text, signal }, () => {
      const outcome = this.#account.create(text, 'us')
      if (typeof outcome === 'string') return { kind: outcome }
      return { kind: 'created', secretId: outcome.secretId, value: null }
    })
  }

  revoke(auth: ManagementAuth, secretId: string, signal: AbortSignal): Promise<RevokeAnswer> {
    return this.#call<RevokeAnswer>({ operation: 'revoke', auth, secretId, signal }, () => ({
      kind: this.#account.revoke(secretId, 'us', auth.secret.expose()),
    }))
  }

  verify(value: SecretValue, signal: AbortSignal): Promise<VerifyAnswer> {
    const text = value.expose()
    const services = Array.from({ length: this.#account.habits.services }, (_, index) => index)
    return this.#call<VerifyAnswer, VerifyAnswer>(
      { operation: 'verify', auth: null, value: text, signal },
      () => {
        const refusing = services.find((service) => !this.#account.accepts(text, service))
        if (refusing === undefined) return { kind: 'accepted' }
        return { kind: 'refused', service: `service-${refusing}` }
      },
      (retryAfterMs) => ({ kind: 'inconclusive', service: 'service-0', retryAfterMs }),
    )
  }

  #call<T extends Words, F = Words>(
    call: {
      readonly operation: Operation
      readonly auth: ManagementAuth | null
      readonly value?: string
      readonly secretId?: string
      readonly signal: AbortSignal
    },
    apply: () => T,
    failure: (retryAfterMs: number | null) => F | T = (retryAfterMs) =>
      (retryAfterMs === null
        ? { kind: 'unavailable' }
        : { kind: 'throttled', retryAfterMs }) as unknown as T,
  ): Promise<T> {
    const { operation, auth } = call
    const id = this.#account.nextCall()
    const fate = this.#account.fateOf(operation)
    const note = { instance: this.#process.instance, call: id, operation }
    const answered = (answer: T): T => {
      this.#history.add({
        kind: 'answer',
        atMs: this.#time.nowMs,
        ...note,
        answer: answer.kind,
        secretIds: secretIdsOf(answer, call.secretId),
      })
      return answer
    }
    const failed = (retryAfterMs: number | null): T => failure(retryAfterMs) as T
    this.#history.add({
      kind: 'call',
      atMs: this.#time.nowMs,
      ...note,
      auth: auth?.secret.expose() ?? null,
      value: call.value ?? null,
      secretId: call.secretId ?? null,
      fate,
    })
    return this.#network
      .send<T>({
        process: this.#process,
        name: operation,
        fate: networkFate(fate),
        timeoutMs: PROVIDER_CALL_TIMEOUT_MS,
        signal: call.signal,
        apply: () => {
          if (fate === 'throttled') return failed(1_000 + this.#random.int(20_000))
          if (fate === 'error') return failed(null)
          if (auth !== null && !this.#account.authenticates(auth)) {
            return { kind: 'unauthorized' } as unknown as T
          }
          const answer = apply()
          return fate === 'error-after' ? failed(null) : answer
        },
        noAnswer: () => failed(null),
      })
      .then(answered)
  }
}

function networkFate(fate: ProviderFate | 'deliver'): Fate {
  return fate === 'throttled' || fate === 'error' || fate === 'error-after' ? 'deliver' : fate
}

function secretIdsOf(answer: Words, asked: string | undefined): readonly string[] {
  if ('secrets' in answer) return (answer.secrets as { secretId: string }[]).map((s) => s.secretId)
  if ('secretId' in answer) return [String(answer.secretId)]
  return asked === undefined ? [] : [asked]
}
