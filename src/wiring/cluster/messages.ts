import type { Readiness } from '../../admin/admin-deps.ts'
import type { ConfigIssue } from '../../kernel/errors.ts'
import type { MetricPiece } from '../../telemetry/metric-piece.ts'
import type { VersionUse } from '../use-ledger.ts'

/** What a worker begins with. */
export interface WorkerStart {
  /** The configuration. */
  readonly text: string
  /** Names secrets as all processes do where no store's key does, and opens none; hexadecimal. */
  readonly fingerprintKey: string
}

/**
 * What the supervisor tells a worker. `text` is the configuration, which holds no secret; secrets never cross the channel:
 * each worker reads them where the configuration says.
 */
export type ToWorker =
  | ({ readonly kind: 'start' } & WorkerStart)
  /** Is this a configuration that could be applied? Changes nothing. */
  | { readonly kind: 'prepare'; readonly text: string }
  | { readonly kind: 'commit'; readonly text: string }
  | { readonly kind: 'report' }
  | { readonly kind: 'stop' }

/** How a worker is. */
export interface WorkerState {
  readonly readiness: Readiness
  /** Of credentials that somebody else rotates; the store knows the others'. */
  readonly uses: readonly VersionUse[]
}

/** What a worker tells the supervisor. */
export type ToSupervisor =
  | { readonly kind: 'ready'; readonly address: string }
  /** The answer to `prepare` and `commit`; empty: it can be, or was, applied. */
  | { readonly kind: 'done'; readonly issues: readonly ConfigIssue[] }
  /** Part of the report that follows. */
  | { readonly kind: 'metrics'; readonly piece: MetricPiece }
  | ({ readonly kind: 'report' } & WorkerState)
  /** It is not as it was told last; probes do not wait for the next one. */
  | { readonly kind: 'readiness'; readonly readiness: Readiness }
  /** The rotation of a credential should be looked at now. */
  | { readonly kind: 'look'; readonly credentialId: string }
