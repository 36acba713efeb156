import { PROPAGATION_MAX_MS } from '../../kernel/limits.ts'
import type { ManagementAuth, Provider, ProviderTraits } from '../../kernel/ports/provider.ts'
import { type RestBody, RestClient, type RestClientOptions } from '../rest/rest-client.ts'
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

export interface VonageProviderOptions extends RestClientOptions {
  /** The API key whose secrets are managed. Who authenticates is said by each call. */
  readonly account: string
  /** Origins, without a path. */
  readonly baseUrls: Pick<BaseUrls, 'api' | 'rest'>
}

/** The provider of one account's API secrets. */
export function createVonageProvider(options: VonageProviderOptions): Provider {
  const { account, baseUrls, clock } = options
  const client = new RestClient(options)
  const secrets = `/accounts/${encodeURIComponent(account)}/secrets`
  const nowMs = () => clock.now()
  const send = (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    auth: ManagementAuth,
    signal: AbortSignal,
    body?: RestBody,
  ) => {
    const basic = { username: auth.account, password: auth.secret }
    return client.send({ origin: baseUrls.api, method, path, basic, body }, signal)
  }
  return {
    traits: TRAITS,
    async list(auth, signal) {
      return classifyList(await send('GET', secrets, auth, signal), nowMs())
    },
    async create(auth, value, signal) {
      // The kernel passes null only where the provider chooses the value, which this one never does.
      if (value === null) return { kind: 'invalid-value' }
      const body = { kind: 'json', value: { secret: value } } as const
      return classifyCreate(await send('POST', secrets, auth, signal, body), nowMs())
    },
    async revoke(auth, secretId, signal) {
      const one = `${secrets}/${encodeURIComponent(secretId)}`
      return classifyRevoke(await send('DELETE', one, auth, signal), nowMs())
    },
    verify: (value, signal) =>
      verifySecret(client, baseUrls, { account, secret: value }, nowMs, signal),
  }
}
