import type { Handler } from 'hono'
import type { ConfigIssue } from '../kernel/errors.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log } from '../kernel/ports/log.ts'
import type {
  RotationControl,
  RotationPreview,
  SecretInspector,
} from '../kernel/ports/rotation-control.ts'
import type { SecretValue } from '../kernel/secret-value.ts'

export type ReloadResult =
  { readonly ok: true } | { readonly ok: false; readonly issues: readonly ConfigIssue[] }

export interface Readiness {
  readonly ready: boolean
  /** Why it is not ready, for people; empty when it is. */
  readonly reasons: readonly string[]
}

export interface AdminDeps {
  readonly control: RotationControl & RotationPreview & SecretInspector
  /** The token in force; null turns the API off. Asked on every request, so that a reload may change it. */
  readonly token: () => SecretValue | null
  /** Whether every credential has a usable secret. */
  readonly readiness: () => Readiness
  /** False only when a restart is the remedy. */
  readonly live: () => boolean
  /** Whether the first load of the credentials is over. */
  readonly started: () => boolean
  /** In Prometheus' text format 0.0.4, as it is read: thousands of routes have megabytes of it. */
  readonly metrics: () => Promise<AsyncIterable<string>>
  /** Loads the configuration anew; atomic. */
  readonly reload: () => Promise<ReloadResult>
  /** Starts an orderly stop and returns at once. */
  readonly quit: () => void
  readonly version: string
  readonly clock: Clock
  readonly log: Log
}

/** Adds a route; every other method on its path is answered with 405. */
export type AddRoute = (method: 'GET' | 'POST', path: string, ...handlers: Handler[]) => void
