import type { Agent } from 'undici'
import type { Clock } from '../kernel/ports/clock.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { SourceFault } from './secret-fetcher.ts'

/** A secret has at most 64 KiB; written as JSON, with others beside it, it may take more. */
const ANSWER_MAX_BYTES = 1024 * 1024
/** One call as a whole, connecting included, in milliseconds. */
const CALL_TIMEOUT_MS = 5_000

export interface HttpCall {
  readonly method: 'GET' | 'POST'
  /** Scheme, host and port. */
  readonly origin: string
  /** With the query; its variable parts are percent-encoded. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | SecretValue>>
  readonly body?: string | SecretValue
}

/** A whole answer. Its text may hold secrets: whoever reads it takes them out at once. */
export interface HttpAnswer {
  readonly status: number
  readonly text: string
  /** From `Retry-After` (RFC 9110, section 10.2.3), in milliseconds, at most an hour; null: not said. */
  readonly retryAfterMs: number | null
}

/** Calls servers that hold secrets: no redirects, no retries, verified TLS, bounded time and size. */
export class HttpClient {
  readonly #clock: Clock
  #agent: Agent | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A fault when no whole answer came in time. */
  async send(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer | SourceFault> {
    const deadline = new AbortController()
    const stop = this.#clock.after(CALL_TIMEOUT_MS, () => deadline.abort())
    try {
      return await this.#exchange(call, AbortSignal.any([signal, deadline.signal]))
    } catch (error) {
      const late = deadline.signal.aborted
      return new SourceFault('unavailable', late ? 'no answer in time' : wordOf(error))
    } finally {
      stop()
    }
  }

  /** Ends the calls under way, too. */
  async close(): Promise<void> {
    await this.#agent?.destroy()
  }

  async #exchange(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer | SourceFault> {
    const { method, origin, path, headers, body } = call
    const url = new URL(origin + path)
    if (url.pathname + url.search !== path) {
      return new SourceFault('invalid', 'the path would be folded into another one')
    }
    // Loaded at the first call: without a remote source there is none.
    const undici = await import('undici')
    this.#agent ??= new undici.Agent({
      connect: { rejectUnauthorized: true, timeout: CALL_TIMEOUT_MS },
      connections: 2,
      pipelining: 1,
    })
    const answer = await undici.request(url, {
      dispatcher: this.#agent,
      method,
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, exposed(value)]),
      ),
      body: body === undefined ? null : exposed(body),
      signal,
      headersTimeout: CALL_TIMEOUT_MS,
      bodyTimeout: CALL_TIMEOUT_MS,
    })
    const text = await readBounded(answer.body)
    if (text === null) return new SourceFault('invalid', 'the answer is too large')
    const retryAfterMs = waitOf(answer.headers['retry-after'], this.#clock.now())
    return { status: answer.statusCode, text, retryAfterMs }
  }
}

function exposed(text: string | SecretValue): string {
  return text instanceof SecretValue ? text.expose() : text
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

/** A code such as `ECONNREFUSED`, never a message: that may hold what was sent. */
function wordOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^[A-Z0-9_]{3,64}$/.test(code) ? `can not be reached (${code})` : 'can not be reached'
}

/** A broken hint must not stop the looks for ever. */
const RETRY_AFTER_MAX_MS = 3_600_000

function waitOf(header: string | string[] | undefined, nowMs: number): number | null {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim() ?? ''
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS)
}
