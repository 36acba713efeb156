import { request } from 'undici'
import { SidekeyError } from '../kernel/errors.ts'
import type { SecretValue } from '../kernel/secret-value.ts'

/** Longer than any answer of an admin port takes; a process that is stopped or swapping is not waited for. */
const ANSWER_TIMEOUT_MS = 10_000

/** Nobody answers at the address, or not as a Sidekey does. */
export class AdminUnreachableError extends SidekeyError {
  override readonly code = 'admin-unreachable'
}

export interface AdminAnswer {
  readonly status: number
  readonly text: string
}

/** Asks the admin port of a running Sidekey. */
export class AdminClient {
  /** Without a path, such as `http://127.0.0.1:9901`. */
  readonly origin: string
  readonly #token: SecretValue | null

  constructor(origin: string, token: SecretValue | null) {
    this.origin = origin
    this.#token = token
  }

  get(path: string): Promise<AdminAnswer> {
    return this.#ask('GET', path, null)
  }

  /** `body` is JSON text, in a `SecretValue` when a secret is in it. */
  post(path: string, body: SecretValue | null): Promise<AdminAnswer> {
    return this.#ask('POST', path, body)
  }

  /** @throws AdminUnreachableError `admin-unreachable` */
  async #ask(method: 'GET' | 'POST', path: string, body: SecretValue | null): Promise<AdminAnswer> {
    const token = this.#token
    try {
      const answer = await request(this.origin + path, {
        method,
        headers: {
          ...(token !== null && { authorization: `Bearer ${token.expose()}` }),
          ...(body !== null && { 'content-type': 'application/json' }),
        },
        body: body === null ? null : body.expose(),
        headersTimeout: ANSWER_TIMEOUT_MS,
        bodyTimeout: ANSWER_TIMEOUT_MS,
        // One question, one connection: nothing keeps the command alive afterwards.
        reset: true,
      })
      return { status: answer.statusCode, text: await answer.body.text() }
    } catch (error) {
      throw new AdminUnreachableError(
        `no answer from ${this.origin} (${reasonOf(error)}): is sidekey running there? --admin names another address`,
        { cause: error },
      )
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'unknown'
}
