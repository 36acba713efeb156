import type {
  ManagementAuth,
  Provider,
  ProviderTraits,
  VerifyAnswer,
} from '../../kernel/ports/provider.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'
import { inconclusive } from '../rest/common-answer.ts'
import { type RestAnswer, RestClient, type RestClientOptions } from '../rest/rest-client.ts'
import {
  accountSchema,
  classifyCreate,
  classifyPromote,
  classifyRevoke,
} from './classify-answer.ts'

/** The account has two places: a new token is the secondary until it is promoted. Only the secondary can be deleted. */
const SLOTS = { primary: 'primary', secondary: 'secondary' } as const

/**
 * An auth token: made by the provider, shown once, never listed. Promoting the secondary ends the primary. Some products
 * take a minute to learn of a change. Checked 2026-11-24 in the API's reference.
 */
const TRAITS: ProviderTraits = {
  model: 'promote',
  valueSource: 'server',
  secretsMin: 1,
  secretsMax: 2,
  deactivateBeforeRevoke: false,
  selfManaged: true,
  propagationMaxMs: 60_000,
  valueRule: { length: 32, alphabet: '0123456789abcdef', classes: [] },
  slots: SLOTS,
}

const SERVICE = 'api'

export interface TwilioProviderOptions extends RestClientOptions {
  /** The account SID whose tokens are managed. Who authenticates is said by each call. */
  readonly account: string
  /** Origins, without a path. */
  readonly baseUrls: { readonly accounts: string; readonly api: string }
}

/** The provider of one account's auth tokens. */
export function createTwilioProvider(options: TwilioProviderOptions): Provider {
  const { account, baseUrls, clock } = options
  const client = new RestClient(options)
  const send = (
    method: 'POST' | 'DELETE',
    path: string,
    auth: ManagementAuth,
    signal: AbortSignal,
  ) => {
    const basic = { username: auth.account, password: auth.secret }
    const origin = new URL(baseUrls.accounts).origin
    return client.send({ origin, method, path: `/v1/AuthTokens/${path}`, basic }, signal)
  }
  return {
    traits: TRAITS,
    // There is no such call; the port forbids to make one in this model.
    list: async () => ({ kind: 'forbidden' }),
    async create(auth, _value, signal) {
      const answer = await send('POST', 'Secondary', auth, signal)
      return classifyCreate(answer, { account, secretId: SLOTS.secondary, nowMs: clock.now() })
    },
    async revoke(auth, secretId, signal) {
      if (secretId === SLOTS.primary) return { kind: 'last-secret' }
      if (secretId !== SLOTS.secondary) return { kind: 'absent' }
      return classifyRevoke(await send('DELETE', 'Secondary', auth, signal), clock.now())
    },
    async promote(auth, signal) {
      return classifyPromote(await send('POST', 'Promote', auth, signal), clock.now())
    },
    async verify(value, signal) {
      return judge(await fetchAccount(client, options, value, signal), account, clock.now())
    },
  }
}

/** Reading the account has no side effect, and every token of the account may. */
function fetchAccount(
  client: RestClient,
  { account, baseUrls }: TwilioProviderOptions,
  value: SecretValue,
  signal: AbortSignal,
): Promise<RestAnswer | null> {
  const origin = new URL(baseUrls.api).origin
  const path = `/2010-04-01/Accounts/${encodeURIComponent(account)}.json`
  const basic = { username: account, password: value }
  return client.send({ origin, method: 'GET', path, basic }, signal)
}

function judge(answer: RestAnswer | null, account: string, nowMs: number): VerifyAnswer {
  if (answer?.status === 401) return { kind: 'refused', service: SERVICE }
  // The account resource holds the primary token too; nothing but the SID is looked at.
  const read = answer?.status === 200 ? accountSchema.safeParse(answer.body).data : undefined
  if (read?.sid === account) return { kind: 'accepted' }
  return inconclusive(SERVICE, answer, nowMs)
}
