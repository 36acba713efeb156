import { PROVIDER_CALL_TIMEOUT_MS } from '../../kernel/limits.ts'
import type { Clock } from '../../kernel/ports/clock.ts'
import { SecretValue } from '../../kernel/secret-value.ts'
import type { ProviderConnections } from './connections.ts'
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
export interface RestAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: unknown
}

export interface RestClientOptions {
  readonly clock: Clock
  /** For one call as a whole, connecting included, in milliseconds; default 10 s. */
  readonly timeoutMs?: number
  /** Those of the process; whoever made them closes them. */
  readonly connections: ProviderConnections
}

/** Sends calls: no redirects, no retries, verified TLS, bounded time and size. */
export class RestClient {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #connections: ProviderConnections

  constructor({ clock, timeoutMs = PROVIDER_CALL_TIMEOUT_MS, connections }: RestClientOptions) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#connections = connections
  }

  /** Null when no whole answer came (refused, timed out, aborted, broken off): the call may have happened. */
  async send(call: RestCall, signal: AbortSignal): Promise<RestAnswer | null> {
    const deadline = new AbortController()
    const stop = this.#clock.after(this.#timeoutMs, () => deadline.abort())
    const ended = AbortSignal.any([signal, deadline.signal])
    const { promise: end, reject } = Promise.withResolvers<never>()
    const giveUp = (): void => reject(new Error('given up'))
    ended.addEventListener('abort', giveUp)
    try {
      // undici hears of the signal when the call has a connection; one that was given up before is never sent.
      return ended.aborted ? null : await Promise.race([this.#exchange(call, ended), end])
    } catch {
      return null
    } finally {
      stop()
      ended.removeEventListener('abort', giveUp)
    }
  }

  async #exchange(call: RestCall, signal: AbortSignal): Promise<RestAnswer> {
    const body = call.body === undefined ? null : written(call.body)
    const answer = await this.#connections.request(urlOf(call), {
      method: call.method,
      headers: { ...headersOf(call), ...(body === null ? {} : { 'content-type': body.type }) },
      body: body?.text ?? null,
      signal,
      headersTimeout: this.#timeoutMs,
      bodyTimeout: this.#timeoutMs,
    })
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: parseJson(await readBounded(answer.body)),
    }
  }
}

/** @throws Error when the path would be folded into another one, as by an id that is `..` */
function urlOf({ origin, path }: RestCall): URL {
  const url = new URL(origin + exposed(path))
  if (url.pathname + url.search !== exposed(path)) throw new Error('the path is not as written')
  return url
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

/** Null for a body above the limit; its rest is not read, and the connection is dropped. */
async function readBounded(body: AsyncIterable<Buffer>): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Leaving the loop early destroys the stream.
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > ANSWER_MAX_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string | null): unknown {
  if (text === null || text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
