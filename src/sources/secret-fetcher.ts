import type { Clock } from '../kernel/ports/clock.ts'
import type { SourceFailure } from '../kernel/ports/source-telemetry.ts'
import type { LocalSource } from '../kernel/secret-source.ts'
import { SecretValue } from '../kernel/secret-value.ts'

/** Reads one secret from its server. Every implementation passes `test/contract/secret-source.ts`. */
export interface SecretFetcher {
  /** Who is asked: when one does not answer, nothing more is asked of it for now. */
  readonly server: string
  /** One look, bounded in time and size. Expected outcomes are values; an aborted signal gives `unavailable`. */
  fetch(signal: AbortSignal): Promise<Fetched>
}

export type Fetched = SecretValue | SourceFault

/** Why there is no value. Holds nothing of an answer. */
export class SourceFault {
  readonly reason: SourceFailure
  /** For people: what was seen, and where it helps, what to do. */
  readonly message: string
  /** How long the server asks to be left alone, in milliseconds; null: it does not say. */
  readonly retryAfterMs: number | null

  constructor(reason: SourceFailure, message: string, retryAfterMs: number | null = null) {
    this.reason = reason
    this.message = message
    this.retryAfterMs = retryAfterMs
  }
}

/** What every fetcher needs beside its source. */
export interface FetcherDeps {
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  /** Reads what the source itself logs in with, anew. */
  readonly readLocal: (source: LocalSource) => Promise<SecretValue | { readonly message: string }>
  /** Told of every token and key that becomes known, so that none is ever printed. */
  readonly keepSecret: (what: string, secrets: readonly SecretValue[]) => void
}

/** What a local source holds; a fault says that the login is not possible without it. */
export async function readLogin(
  what: string,
  source: LocalSource,
  { readLocal }: FetcherDeps,
): Promise<Fetched> {
  const found = await readLocal(source)
  return found instanceof SecretValue
    ? found
    : new SourceFault('unavailable', `${what}: ${found.message}`)
}
