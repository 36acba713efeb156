import type { ReadTurns } from './read-turns.ts'
import type { UpstreamConnection } from './upstream-connection.ts'
import type { WriteBatch } from './write-batch.ts'

/** For how long a connection may be silent, in milliseconds. */
export interface SilenceLimits {
  /** Until a connection is there, with TLS where that is spoken. */
  readonly connectMs: number
  /** Between two requests. */
  readonly idleMs: number
  /** From the last byte of a request to the head of its answer. */
  readonly headMs: number
  /** Between two pieces of a body. */
  readonly bodyMs: number
}

export interface ConnectionOwner {
  /** The lines of a head that name the upstream, and what is wished of the connection. */
  readonly hostField: string
  /** The same with the wish for WebSocket. */
  readonly upgradeField: string
  readonly limits: SilenceLimits
  readonly batch: WriteBatch
  readonly turns: ReadTurns
  /** Its client does not keep up. */
  paused(connection: UpstreamConnection): void
  /** An answer has ended, and the connection can take another request. */
  free(connection: UpstreamConnection): void
  /** It has ended, or was ended; `expired` by its own idle time. */
  closed(connection: UpstreamConnection, expired: boolean): void
}
