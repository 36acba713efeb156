import { z } from 'zod'
import type { OAuth2Spec } from '../kernel/ports/token-source.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import type { RestAnswer, RestBody, RestCall } from '../providers/rest/rest-client.ts'
import { encodeText } from '../providers/rest/secret-text.ts'
import { retryAfterMs } from '../providers/rest/retry-after.ts'

/** What an endpoint said. Times are relative to the moment at which it was asked. */
export type TokenAnswer =
  | { readonly kind: 'issued'; readonly value: SecretValue; readonly lifetimeMs: number }
  /** It says that the client's secret is wrong. */
  | { readonly kind: 'refused' }
  /** It says that something else is wrong, such as the scope: only the configuration helps. */
  | { readonly kind: 'rejected' }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
  /** It could not be reached, failed, or said something that is no answer of a token endpoint. */
  | { readonly kind: 'unavailable' }

/** Longer ones would not fit into a request's head. */
const TOKEN_LENGTH_MAX = 12 * 1024
/** Asked for anew at least once a day, whatever an endpoint promises. */
const LIFETIME_MAX_MS = 24 * 3_600_000

/** RFC 6749, section 5.1. Some endpoints write the number as a text, or null for what they do not say. */
const issuedSchema = z.object({
  access_token: z
    .string()
    .max(TOKEN_LENGTH_MAX)
    .regex(/^[\x21-\x7e]+$/),
  token_type: z
    .string()
    .regex(/^bearer$/i)
    .nullish(),
  expires_in: z.coerce.number().positive().nullish(),
})
/** RFC 6749, section 5.2; one provider writes it under a key of its own. */
const errorSchema = z.union([
  z.object({ error: z.string() }),
  z.object({ errorCode: z.string() }).transform(({ errorCode }) => ({ error: errorCode })),
])

/** The call that exchanges a secret for a token. RFC 6749, sections 2.3.1 and 4.4.2. */
export function tokenCall(spec: OAuth2Spec, clientId: string, secret: SecretValue): RestCall {
  const url = new URL(spec.tokenUrl)
  const basic = spec.clientAuth === 'basic'
  const asked = spec.parameters.map(({ name, value }) => [name, value] as const)
  const client = [
    ['client_id', clientId],
    ['client_secret', secret],
  ] as const
  const grant = ['grant_type', 'client_credentials'] as const
  const body: RestBody = { kind: 'form', fields: [grant, ...asked, ...(basic ? [] : client)] }
  return {
    origin: url.origin,
    method: 'POST',
    path: url.pathname + url.search,
    // Both are form-encoded before they are joined, so that a colon in either stays what it is.
    basic: basic ? { username: encodeText(clientId), password: encodeText(secret) } : undefined,
    body,
  }
}

/** Reads what came back; null when no whole answer did. */
export function readTokenAnswer(
  answer: RestAnswer | null,
  spec: OAuth2Spec,
  nowMs: number,
): TokenAnswer {
  if (answer === null) return UNAVAILABLE
  if (answer.status === 200 || answer.status === 201) return issued(answer.body, spec)
  if (answer.status === 429 || (answer.status === 503 && 'retry-after' in answer.headers)) {
    return { kind: 'throttled', retryAfterMs: retryAfterMs(answer, nowMs) }
  }
  if (answer.status !== 400 && answer.status !== 401) {
    return answer.status === 403 ? { kind: 'rejected' } : UNAVAILABLE
  }
  const parsed = errorSchema.safeParse(answer.body)
  const error = parsed.success ? parsed.data.error : ''
  if (error === 'invalid_client') return { kind: 'refused' }
  if (error !== '') return { kind: 'rejected' }
  // A status that speaks for itself, without the words.
  return answer.status === 401 ? { kind: 'refused' } : UNAVAILABLE
}

const UNAVAILABLE: TokenAnswer = { kind: 'unavailable' }

function issued(body: unknown, spec: OAuth2Spec): TokenAnswer {
  const parsed = issuedSchema.safeParse(body)
  if (!parsed.success) return UNAVAILABLE
  const { access_token: text, expires_in: seconds } = parsed.data
  const lifetimeMs = seconds == null ? spec.lifetimeMs : seconds * 1_000
  return {
    kind: 'issued',
    value: new SecretValue(text),
    lifetimeMs: Math.min(lifetimeMs, LIFETIME_MAX_MS),
  }
}
