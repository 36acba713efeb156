import { z } from 'zod'
import type { VerifyAnswer } from '../../kernel/ports/provider.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'
import { inconclusive } from '../rest/common-answer.ts'
import type { RestBody, RestClient } from '../rest/rest-client.ts'

/** Whom a probe asks, and as which client. */
export interface ProbeTarget {
  readonly origin: string
  readonly clientId: string
  /** Null or missing: the organization's own authorization server. */
  readonly authorizationServer?: string | undefined
  /** Default `basic`. */
  readonly clientAuthentication?: 'basic' | 'post' | undefined
}

const SERVICE = 'authorization-server'

/** No token of this name exists; whether it does is not what is asked. */
const NO_TOKEN = 'sidekey-probe'

const introspectionSchema = z.object({ active: z.boolean() })
/** RFC 6749 §5.2, and the same word as the provider's own error code. */
const refusalSchema = z.union([
  z.object({ error: z.literal('invalid_client') }),
  z.object({ errorCode: z.literal('invalid_client') }),
])

/**
 * Introspects a token that does not exist (RFC 7662): the client has to authenticate, and no token is issued, which a
 * client-credentials request would do. Checked 2026-11-24.
 */
export async function verifySecret(
  client: RestClient,
  target: ProbeTarget,
  value: SecretValue,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<VerifyAnswer> {
  const { origin, clientId, authorizationServer } = target
  const server = authorizationServer ? `/${encodeURIComponent(authorizationServer)}` : ''
  const path = `/oauth2${server}/v1/introspect`
  const basic = target.clientAuthentication !== 'post'
  const answer = await client.send(
    {
      origin,
      method: 'POST',
      path,
      basic: basic ? { username: clientId, password: value } : undefined,
      body: formOf(basic ? null : { clientId, value }),
    },
    signal,
  )
  if (answer === null) return inconclusive(SERVICE, null, nowMs())
  const isClientError = answer.status === 401 || answer.status === 400
  if (isClientError && refusalSchema.safeParse(answer.body).success) {
    return { kind: 'refused', service: SERVICE }
  }
  if (answer.status === 200 && introspectionSchema.safeParse(answer.body).success) {
    return { kind: 'accepted' }
  }
  return inconclusive(SERVICE, answer, nowMs())
}

function formOf(
  credential: { readonly clientId: string; readonly value: SecretValue } | null,
): RestBody {
  const token = [
    ['token', NO_TOKEN],
    ['token_type_hint', 'access_token'],
  ] as const
  if (credential === null) return { kind: 'form', fields: token }
  const { clientId, value } = credential
  return { kind: 'form', fields: [...token, ['client_id', clientId], ['client_secret', value]] }
}
