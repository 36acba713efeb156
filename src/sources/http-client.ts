import { Connections } from '../calls/connections.ts'
import { exchange, type ExchangeDeps, type Sent, urlAsWritten } from '../calls/exchange.ts'
import { retryAfterOf } from '../calls/retry-after.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { SourceFault } from './secret-fetcher.ts'

/** A secret has at most 64 KiB; written as JSON, with others beside it, it may take more. */
const LIMITS = { timeoutMs: 5_000, maxBytes: 1024 * 1024 }

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
  /** From `Retry-After`, in milliseconds, at most an hour; null: not said. */
  readonly retryAfterMs: number | null
}

/** Calls servers that hold secrets. */
export class HttpClient {
  readonly #deps: ExchangeDeps
  readonly #connections = new Connections()

  constructor(clock: Clock) {
    this.#deps = { clock, connections: this.#connections }
  }

  /** A fault when no whole answer came in time. */
  async send(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer | SourceFault> {
    const url = urlAsWritten(call.origin, call.path)
    if (url === null) return new SourceFault('invalid', 'the path would be folded into another one')
    const answer = await exchange(this.#deps, sentOf(url, call), LIMITS, signal)
    if (answer.kind === 'late') return new SourceFault('unavailable', 'no answer in time')
    if (answer.kind === 'failed') {
      const code = answer.code === null ? '' : ` (${answer.code})`
      return new SourceFault('unavailable', `can not be reached${code}`)
    }
    const { status, text } = answer
    if (text === null) return new SourceFault('invalid', 'the answer is too large')
    return { status, text, retryAfterMs: retryAfterOf(answer, this.#deps.clock.now()) }
  }

  /** Ends the calls under way, too. */
  async close(): Promise<void> {
    await this.#connections.destroy()
  }
}

function sentOf(url: URL, { method, headers, body }: HttpCall): Sent {
  const plain = Object.entries(headers).map(([name, value]) => [name, exposed(value)] as const)
  return {
    url,
    method,
    headers: Object.fromEntries(plain),
    body: body === undefined ? null : exposed(body),
  }
}

function exposed(text: string | SecretValue): string {
  return text instanceof SecretValue ? text.expose() : text
}
