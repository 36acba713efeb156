import type { LookupFunction } from 'node:net'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Llhttp } from './llhttp.ts'
import type { ReadTurns } from './read-turns.ts'
import type { WriteBatch } from './write-batch.ts'

/** Times and trust of connections to upstreams. */
export interface UpstreamOptions {
  /** To one origin at the same time; what comes then waits its turn. Default 1,024. */
  readonly connectionsMax?: number
  readonly connectTimeoutMs?: number
  readonly headersTimeoutMs?: number
  readonly bodyTimeoutMs?: number
  /** PEM certificates that are trusted instead of Node's own; for private authorities and tests. */
  readonly ca?: string
  /** As `Upstream.pins` of a route. */
  readonly pins?: readonly string[]
  /** As `Upstream.http2` of a route. */
  readonly http2?: boolean
  /** Finds the addresses of a host name; the system's resolver, unvetted, by default. */
  readonly lookup?: LookupFunction
}

/** What all origins share. */
export interface OriginDeps {
  readonly clock: Clock
  readonly llhttp: Llhttp
  readonly batch: WriteBatch
  readonly turns: ReadTurns
}
