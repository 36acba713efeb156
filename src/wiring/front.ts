import type { Readiness } from '../admin/admin-deps.ts'
import type { SidekeyConfig } from '../config/types.ts'
import type { ClientConfig } from '../proxy/data-plane.ts'
import type { MetricPiece } from '../telemetry/metric-piece.ts'
import type { Units } from './build-units.ts'
import type { VersionUse } from './use-ledger.ts'

/** A configuration, and what was built and read for it. */
export interface Prepared {
  readonly config: SidekeyConfig
  /** What the file said. */
  readonly text: string
  readonly units: Units
  readonly clients: readonly ClientConfig[]
}

/** Where requests are served: in this process, or in worker processes. */
export interface Front {
  /** Where it listens; empty before the first `apply`. */
  readonly address: string
  /**
   * Serves under a configuration, wholly or not at all; requests in flight finish under the one before.
   * @throws ConfigError, Error it can't; what was served before goes on
   */
  apply(next: Prepared): Promise<void>
  /** Whether requests find what they need; only after the first `apply`. */
  readiness(): Readiness
  /** The metrics of all processes, as they are read. */
  metrics(): Promise<AsyncIterable<MetricPiece>>
  /** When versions were last used elsewhere than in this process. */
  uses(): Promise<readonly VersionUse[]>
  /** Takes no new requests, and waits up to `drainMs` milliseconds for those in flight. */
  stop(drainMs: number): Promise<void>
}
