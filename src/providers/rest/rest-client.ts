import {
  type Answer,
  exchange,
  type ExchangeDeps,
  type ExchangeLimits,
  urlAsWritten,
} from '../../calls/exchange.ts'
import { PROVIDER_CALL_TIMEOUT_MS } from '../../kernel/limits.ts'
import { SecretValue } from '../../kernel/secret-value.ts'
import type { Text } from './secret-text.ts'

/** Lists of secrets are short; a larger answer does not come from such an API. */
const ANSWER_MAX_BYTES = 256 * 1024

/** One call of a management API. */
export interface RestCall {
  /** Scheme, host and port. */
  readonly origin: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Starts with `/`, its variable parts percent-encoded; with the query, if there is one. */
  readonly path: Text
  readonly headers?: Readonly<Record<string, Text>>
  readonly basic?: { readonly username: Text; readonly password: Text } | undefined
  readonly body?: RestBody | undefined
}

/** JSON may hold secrets at its leaves. */
export type RestBody =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'form'; readonly fields: readonly (readonly [name: string, value: Text])[] }

/** What came back. `body` is the parsed JSON; undefined when there is none, when it is something else, or too large. */
export interface RestAnswer extends Pick<Answer, 'status' | 'headers'> {
  readonly body: unknown
}

/** Whoever made the connections closes them. */
export interface RestClientOptions extends ExchangeDeps {
  /** For one call as a whole, connecting included, in milliseconds; default 10 s. */
  readonly timeoutMs?: number
}

/** Sends calls: no redirects, no retries, verified TLS, bounded time and size. */
export class RestClient {
  readonly #deps: ExchangeDeps
  readonly #limits: ExchangeLimits

  constructor({ clock, timeoutMs = PROVIDER_CALL_TIMEOUT_MS, connections }: RestClientOptions) {
    this.#deps = { clock, connections }
    this.#limits = { timeoutMs, maxBytes: ANSWER_MAX_BYTES }
  }

  /** Null when no whole answer came (refused, timed out, aborted, broken off): the call may have happened. */
  async send(call: RestCall, signal: AbortSignal): Promise<RestAnswer | null> {
    const url = urlAsWritten(call.origin, exposed(call.path))
    if (url === null) return null
    const body = call.body === undefined ? null : written(call.body)
    const type = body === null ? {} : { 'content-type': body.type }
    const headers = { ...headersOf(call), ...type }
    const sent = { url, method: call.method, headers, body: body?.text ?? null }
    const answer = await exchange(this.#deps, sent, this.#limits, signal)
    if (answer.kind !== 'answer') return null
    return { status: answer.status, headers: answer.headers, body: parseJson(answer.text) }
  }
}

function exposed(text: Text): string {
  return typeof text === 'string' ? text : text.expose()
}

function headersOf({ headers = {}, basic }: RestCall): Record<string, string> {
  const sent: Record<string, string> = {
    accept: 'application/json, application/problem+json',
    'user-agent': 'sidekey',
  }
  for (const [name, value] of Object.entries(headers)) sent[name.toLowerCase()] = exposed(value)
  if (basic !== undefined) {
    const pair = Buffer.from(`${exposed(basic.username)}:${exposed(basic.password)}`, 'utf8')
    sent['authorization'] = `Basic ${pair.toString('base64')}`
  }
  return sent
}

function written(body: RestBody): { readonly type: string; readonly text: string } {
  if (body.kind === 'form') {
    const fields = body.fields.map(([name, value]): [string, string] => [name, exposed(value)])
    const text = new URLSearchParams(fields).toString()
    return { type: 'application/x-www-form-urlencoded', text }
  }
  // A plain replacer comes after `toJSON`, and would send "[redacted]".
  const text = JSON.stringify(body.value, function (this: Record<string, unknown>, key, value) {
    const held = this[key]
    return held instanceof SecretValue ? held.expose() : (value as unknown)
  })
  return { type: 'application/json', text }
}

function parseJson(text: string | null): unknown {
  if (text === null || text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
