import { codeOf } from '../kernel/errors.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Connections } from './connections.ts'

/** One request as it is sent, its secrets in the clear: made just before. */
export interface Sent {
  readonly url: URL
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

export interface ExchangeDeps {
  readonly clock: Clock
  readonly connections: Connections
}

export interface ExchangeLimits {
  /** For the call as a whole, connecting included, in milliseconds. */
  readonly timeoutMs: number
  /** Of the answer's body. */
  readonly maxBytes: number
}

/** A whole answer. Its text may hold secrets: whoever reads it takes them out at once. */
export interface Answer {
  readonly kind: 'answer'
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Null: larger than the limit. Its rest was not read, and the connection was dropped. */
  readonly text: string | null
}

/** The call may have happened. */
export type NoAnswer =
  | { readonly kind: 'late' }
  | {
      readonly kind: 'failed'
      /** Such as `ECONNREFUSED`; null: none. Never a message: that may hold what was sent. */
      readonly code: string | null
    }

/** The URL, or null where a parser would fold the path into another one, as by an id that is `..`, or finds none. */
export function urlAsWritten(origin: string, path: string): URL | null {
  const url = URL.parse(origin + path)
  return url !== null && url.pathname + url.search === path ? url : null
}

/** Sends a request to a server that holds secrets: no redirects, no retries, bounded time and size. Does not throw. */
export async function exchange(
  deps: ExchangeDeps,
  ...call: [sent: Sent, limits: ExchangeLimits, signal: AbortSignal]
): Promise<Answer | NoAnswer> {
  try {
    return await deps.connections.during(() => exchangeBounded(deps, ...call))
  } catch {
    return NEVER_SENT
  }
}

/** Behind the end of the connections, or after it was given up. */
const NEVER_SENT: NoAnswer = { kind: 'failed', code: null }

async function exchangeBounded(
  { clock, connections }: ExchangeDeps,
  sent: Sent,
  { timeoutMs, maxBytes }: ExchangeLimits,
  signal: AbortSignal,
): Promise<Answer | NoAnswer> {
  const deadline = new AbortController()
  const stop = clock.after(timeoutMs, () => deadline.abort())
  const ended = AbortSignal.any([signal, deadline.signal])
  const { promise: end, reject } = Promise.withResolvers<never>()
  const giveUp = (): void => reject(new Error('given up'))
  ended.addEventListener('abort', giveUp)
  const whole = async (): Promise<Answer> => {
    const { url, ...request } = sent
    const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }
    const answer = await connections.request(url, { ...request, ...limits, signal: ended })
    const { statusCode: status, headers, body } = answer
    return { kind: 'answer', status, headers, text: await readBounded(body, maxBytes) }
  }
  try {
    if (ended.aborted) return NEVER_SENT
    // undici hears of the signal when the call has a connection; one that was given up before is never sent.
    return await Promise.race([whole(), end])
  } catch (error) {
    return deadline.signal.aborted ? { kind: 'late' } : { kind: 'failed', code: codeIn(error) }
  } finally {
    stop()
    ended.removeEventListener('abort', giveUp)
  }
}

async function readBounded(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  // Leaving the loop early destroys the stream.
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function codeIn(error: unknown): string | null {
  const code = codeOf(error)
  return code !== null && /^[A-Z0-9_]{3,64}$/.test(code) ? code : null
}
