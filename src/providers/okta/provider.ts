import { PROPAGATION_MAX_MS } from '../../kernel/limits.ts'
import type { Provider, ProviderTraits } from '../../kernel/ports/provider.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'
import {
  type RestAnswer,
  type RestCall,
  RestClient,
  type RestClientOptions,
} from '../rest/rest-client.ts'
import { joinText } from '../rest/secret-text.ts'
import { classifyCreate, classifyList } from './classify-answer.ts'
import { revokeSecret } from './revoke-secret.ts'
import { type ProbeTarget, verifySecret } from './verify-secret.ts'

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const UPPER = LOWER.toUpperCase()
const DIGITS = '0123456789'

/**
 * At most two secrets, active or not, and the only active one can't be deactivated. A create may bring its own value, which
 * must have 32 characters where the app signs with it (`client_secret_jwt`). Checked 2026-11-24 in the API's reference.
 */
const TRAITS: ProviderTraits = {
  model: 'list',
  valueSource: 'either',
  secretsMin: 1,
  secretsMax: 2,
  deactivateBeforeRevoke: true,
  selfManaged: false,
  propagationMaxMs: PROPAGATION_MAX_MS,
  valueRule: { length: 64, alphabet: LOWER + UPPER + DIGITS, classes: [LOWER, UPPER, DIGITS] },
}

export interface OktaProviderOptions extends Omit<ProbeTarget, 'origin'>, RestClientOptions {
  /** Origin of the organization. */
  readonly orgUrl: string
  readonly appId: string
  /** The API token of the moment; null while it can't be read. */
  readonly managementToken: () => Promise<SecretValue | null>
}

/** A call of the secrets' collection or of one of them; `path` follows the collection's. */
export type SecretsCall = Pick<RestCall, 'method' | 'body'> & { readonly path?: string }

/** Sends with the API token; without a token nothing is sent, which is `unauthorized`. */
export type SendSecretsCall = (call: SecretsCall, signal: AbortSignal) => Promise<RestAnswer | null>

/** The provider of one app's client secrets. Calls are authenticated by the API token, whatever secret the caller names. */
export function createOktaProvider(options: OktaProviderOptions): Provider {
  const { orgUrl, appId, managementToken, clock } = options
  const client = new RestClient(options)
  const origin = new URL(orgUrl).origin
  const collection = `/api/v1/apps/${encodeURIComponent(appId)}/credentials/secrets`
  const nowMs = () => clock.now()
  const send: SendSecretsCall = async ({ method, body, path = '' }, signal) => {
    const token = await managementToken()
    if (token === null) return NO_TOKEN
    const headers = { authorization: joinText(['SSWS ', token]) }
    return client.send({ origin, method, path: collection + path, headers, body }, signal)
  }
  return {
    traits: TRAITS,
    async list(_auth, signal) {
      return classifyList(await send({ method: 'GET' }, signal), nowMs())
    },
    async create(_auth, value, signal) {
      // The kernel passes null only where the provider chooses the value; here it is always chosen.
      if (value === null) return { kind: 'invalid-value' }
      const body = { kind: 'json', value: { client_secret: value } } as const
      return classifyCreate(await send({ method: 'POST', body }, signal), nowMs())
    },
    revoke: (_auth, secretId, signal) => revokeSecret(send, secretId, nowMs, signal),
    verify: (value, signal) => verifySecret(client, { ...options, origin }, value, nowMs, signal),
  }
}

/** Stands for a call that could not be authenticated, and so was not sent. */
const NO_TOKEN: RestAnswer = { status: 401, headers: {}, body: undefined }
