import type { Readiness } from '../../admin/admin-deps.ts'
import type { ConfigIssue } from '../../kernel/errors.ts'
import type { MetricsReport } from '../../telemetry/worker-metrics.ts'

/**
 * What the supervisor tells a worker. `text` is the configuration, which holds no secret; secrets never cross the channel:
 * each worker reads them where the configuration says.
 */
export type ToWorker =
  | { readonly kind: 'start'; readonly text: string }
  /** Is this a configuration that could be applied? Changes nothing. */
  | { readonly kind: 'prepare'; readonly text: string }
  | { readonly kind: 'commit'; readonly text: string }
  | { readonly kind: 'report' }
  | { readonly kind: 'stop' }

/** What a worker tells the supervisor. */
export type ToSupervisor =
  | { readonly kind: 'ready'; readonly address: string }
  /** The answer to `prepare` and `commit`; empty: it can be, or was, applied. */
  | { readonly kind: 'done'; readonly issues: readonly ConfigIssue[] }
  | { readonly kind: 'report'; readonly metrics: MetricsReport; readonly readiness: Readiness }
  /** The rotation of a credential should be looked at now. */
  | { readonly kind: 'look'; readonly credentialId: string }
