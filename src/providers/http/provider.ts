import type {
  ManagementAuth,
  Provider,
  ProviderTraits,
  RevokeAnswer,
} from '../../kernel/ports/provider.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'
import { UNAVAILABLE } from '../rest/common-answer.ts'
import { type RestAnswer, RestClient, type RestClientOptions } from '../rest/rest-client.ts'
import type { BodyTemplates } from './call-keys.ts'
import { classifyCreate, classifyList, classifyRevoke } from './classify-answer.ts'
import type { HttpApi, HttpOptions } from './keys.ts'
import { type CallTemplates, renderCall } from './render-call.ts'
import { mentions, type Words } from './template.ts'
import { verifySecret } from './verify-secret.ts'

/** Never used: the provider chooses the values itself. */
const NO_RULE = { length: 1, alphabet: 'ab', classes: [] } as const

export interface HttpProviderOptions extends HttpOptions, RestClientOptions {
  /** The management token of the moment; null where there is none. */
  readonly managementToken: () => Promise<SecretValue | null>
}

/** A call of the configuration, without its authentication. */
type Described = Pick<CallTemplates, 'method' | 'path'> & BodyTemplates

/** The provider of a list-type API that the configuration describes. */
export function createHttpProvider(options: HttpProviderOptions): Provider {
  const { account, api, managementToken, clock } = options
  const client = new RestClient(options)
  const origin = new URL(api.baseUrl).origin
  const needsToken = mentionsInAuth(api, 'managementToken')
  const nowMs = () => clock.now()
  const send = async (
    call: Described,
    words: Words,
    auth: ManagementAuth,
    signal: AbortSignal,
  ): Promise<RestAnswer | null> => {
    const token = needsToken ? await managementToken() : null
    if (needsToken && token === null) return NO_TOKEN
    const credentials = {
      account,
      manager: auth.account,
      secret: auth.secret,
      managementToken: token ?? '',
    }
    const all = { account, ...words }
    return client.send(
      renderCall({ ...call, origin, placement: api.auth }, all, credentials),
      signal,
    )
  }
  const end = async (
    operation: 'deactivate' | 'revoke',
    call: Described,
    auth: ManagementAuth,
    secretId: string,
    signal: AbortSignal,
  ) => classifyRevoke(api, operation, await send(call, { secretId }, auth, signal), nowMs())
  return {
    traits: traitsOf(api),
    async list(auth, signal) {
      return classifyList(api, await send(api.list, {}, auth, signal), nowMs())
    },
    async create(auth, value, signal) {
      const answer = await send(api.create, value === null ? {} : { value }, auth, signal)
      return classifyCreate(api, answer, nowMs())
    },
    async revoke(auth, secretId, signal): Promise<RevokeAnswer> {
      if (api.deactivate !== undefined) {
        const deactivated = await end('deactivate', api.deactivate, auth, secretId, signal)
        const goOn = deactivated.kind === 'revoked' || deactivated.kind === 'inactive'
        if (!goOn) return deactivated
      }
      const revoked = await end('revoke', api.revoke, auth, secretId, signal)
      return revoked.kind === 'inactive' ? UNAVAILABLE : revoked
    },
    verify: (value, signal) => verifySecret(client, options, value, nowMs, signal),
  }
}

function traitsOf(api: HttpApi): ProviderTraits {
  return {
    model: 'list',
    valueSource: api.create.value === undefined ? 'client' : 'server',
    secretsMin: api.secrets.min,
    secretsMax: api.secrets.max,
    deactivateBeforeRevoke: api.deactivate !== undefined,
    selfManaged: mentionsInAuth(api, 'secret'),
    propagationMaxMs: api.propagationSeconds * 1000,
    valueRule: api.value ?? NO_RULE,
  }
}

/** Whether management calls are authenticated by this word. */
export function mentionsInAuth({ auth }: HttpApi, word: 'secret' | 'managementToken'): boolean {
  const { headers, basic, query } = auth
  const pair = basic === undefined ? [] : [basic.username, basic.password]
  return mentions([...Object.values(headers), ...pair, ...Object.values(query)], word)
}

/** Stands for a call that could not be authenticated, and so was not sent. */
const NO_TOKEN: RestAnswer = { status: 401, headers: {}, body: undefined }
