import type { Dispatcher } from 'undici'
import { PROPAGATION_MAX_MS } from '../../kernel/limits.ts'
import type { Clock } from '../../kernel/ports/clock.ts'
import type { Provider, ProviderTraits } from '../../kernel/ports/provider.ts'
import { AccountApi } from './account-api.ts'
import { classifyCreate, classifyList, classifyRevoke } from './classify-answer.ts'
import type { BaseUrls } from './host-urls.ts'
import { verifySecret } from './verify-secret.ts'

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = LOWER.toUpperCase()
const DIGITS = '0123456789'

/**
 * One to two secrets of 8 to 25 characters with a lower case letter, an upper case letter and a digit, as documented
 * since 2018 (checked 2026-11-23). Letters and digits only: old clients write the value into query strings.
 */
const TRAITS: ProviderTraits = {
  model: 'list',
  valueSource: 'client',
  secretsMin: 1,
  secretsMax: 2,
  deactivateBeforeRevoke: false,
  selfManaged: true,
  propagationMaxMs: PROPAGATION_MAX_MS,
  valueRule: { length: 25, alphabet: LOWER + UPPER + DIGITS, classes: [LOWER, UPPER, DIGITS] },
}

export interface VonageProviderOptions {
  /** The API key whose secrets are managed. Who authenticates is said by each call. */
  readonly account: string
  /** Origins, without a path. */
  readonly baseUrls: Pick<BaseUrls, 'api' | 'rest'>
  readonly clock: Clock
  /** For one call as a whole, in milliseconds; default 10 s. */
  readonly timeoutMs?: number
  /** Where calls go out, for tests; the caller closes it. */
  readonly dispatcher?: Dispatcher
}

/** The provider of one account's API secrets. `close` lets go of its connections. */
export function createVonageProvider(
  options: VonageProviderOptions,
): Provider & { close(): Promise<void> } {
  const { account, baseUrls, clock } = options
  const api = new AccountApi(options)
  const origin = baseUrls.api
  const path = `/accounts/${encodeURIComponent(account)}/secrets`
  const nowMs = () => clock.now()
  return {
    traits: TRAITS,
    async list(auth, signal) {
      return classifyList(await api.send({ origin, method: 'GET', path, auth }, signal), nowMs())
    },
    async create(auth, value, signal) {
      // The kernel passes null only where the provider chooses the value, which this one never does.
      if (value === null) return { kind: 'invalid-value' }
      const call = { origin, method: 'POST', path, auth, newSecret: value } as const
      return classifyCreate(await api.send(call, signal), nowMs())
    },
    async revoke(auth, secretId, signal) {
      const one = `${path}/${encodeURIComponent(secretId)}`
      const call = { origin, method: 'DELETE', path: one, auth } as const
      return classifyRevoke(await api.send(call, signal), nowMs())
    },
    verify: (value, signal) =>
      verifySecret(api, baseUrls, { account, secret: value }, nowMs, signal),
    close: () => api.close(),
  }
}
