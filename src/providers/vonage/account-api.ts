import type { Agent, Dispatcher } from 'undici'
import { PROVIDER_CALL_TIMEOUT_MS } from '../../kernel/limits.ts'
import type { Clock } from '../../kernel/ports/clock.ts'
import type { ManagementAuth } from '../../kernel/ports/provider.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'

/** A list of two secrets has about 600 bytes; a larger answer does not come from this API. */
const ANSWER_MAX_BYTES = 64 * 1024

/** One call of the account API. */
export interface ApiCall {
  readonly origin: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Starts with `/`; its variable parts are percent-encoded. */
  readonly path: string
  readonly auth: ManagementAuth
  /** The value that a POST creates. */
  readonly newSecret?: SecretValue
}

/** What came back. `body` is the parsed JSON; undefined when there is none, when it is something else, or too large. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: unknown
}

export interface AccountApiOptions {
  readonly clock: Clock
  /** For one call as a whole, connecting included, in milliseconds; default 10 s. */
  readonly timeoutMs?: number
  /** Where calls go out, for tests; the caller closes it. Default: an agent of its own. */
  readonly dispatcher?: Dispatcher
}

/** Sends calls with Basic authentication: no redirects, no retries, verified TLS, bounded time and size. */
export class AccountApi {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #dispatcher: Dispatcher | null
  #own: Agent | null = null

  constructor(options: AccountApiOptions) {
    this.#clock = options.clock
    this.#timeoutMs = options.timeoutMs ?? PROVIDER_CALL_TIMEOUT_MS
    this.#dispatcher = options.dispatcher ?? null
  }

  /** Null when no whole answer came (refused, timed out, aborted, broken off): the call may have happened. */
  async send(call: ApiCall, signal: AbortSignal): Promise<ApiAnswer | null> {
    const deadline = new AbortController()
    const stop = this.#clock.after(this.#timeoutMs, () => deadline.abort())
    try {
      return await this.#exchange(call, AbortSignal.any([signal, deadline.signal]))
    } catch {
      return null
    } finally {
      stop()
    }
  }

  /** Waits for the calls under way, which their time limit ends. */
  async close(): Promise<void> {
    await this.#own?.close()
  }

  async #exchange(call: ApiCall, signal: AbortSignal): Promise<ApiAnswer> {
    const { auth, newSecret } = call
    const pair = Buffer.from(`${auth.account}:${auth.secret.expose()}`, 'utf8')
    const headers: Record<string, string> = {
      accept: 'application/json, application/problem+json',
      authorization: `Basic ${pair.toString('base64')}`,
      'user-agent': 'sidekey',
    }
    if (newSecret !== undefined) headers['content-type'] = 'application/json'
    // Loaded at the first call: where nothing rotates, there is none.
    const undici = await import('undici')
    const answer = await undici.request(call.origin + call.path, {
      dispatcher: this.#dispatcher ?? this.#agent(undici.Agent),
      method: call.method,
      headers,
      body: newSecret === undefined ? null : JSON.stringify({ secret: newSecret.expose() }),
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

  #agent(Constructor: typeof Agent): Agent {
    const connect = { rejectUnauthorized: true, timeout: this.#timeoutMs }
    this.#own ??= new Constructor({ connect, connections: 4, pipelining: 1 })
    return this.#own
  }
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
