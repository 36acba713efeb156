import { Pool } from 'undici'
import {
  UPSTREAM_BODY_TIMEOUT_MS,
  UPSTREAM_CONNECT_TIMEOUT_MS,
  UPSTREAM_CONNECTIONS_MAX,
  UPSTREAM_HEADER_MAX_BYTES,
  UPSTREAM_HEADERS_TIMEOUT_MS,
  UPSTREAM_KEEP_ALIVE_MS,
} from '../kernel/limits.ts'
import type { Dispatcher } from 'undici'

/** Times and trust of connections to upstreams. */
export interface UpstreamOptions {
  readonly connectTimeoutMs?: number
  readonly headersTimeoutMs?: number
  readonly bodyTimeoutMs?: number
  /** PEM certificates that are trusted instead of Node's own; for private authorities and tests. */
  readonly ca?: string
}

/** One upstream origin and its connections. Certificates are always verified; there is no switch against it. */
export class UpstreamOrigin {
  readonly origin: string
  readonly #pool: Pool

  constructor(origin: string, options: UpstreamOptions) {
    this.origin = origin
    this.#pool = new Pool(origin, poolOptions(options, UPSTREAM_KEEP_ALIVE_MS))
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#pool.dispatch(options, handler)
  }

  /** Lets requests in flight finish, then closes. */
  async close(): Promise<void> {
    await this.#pool.close()
  }

  /** Ends everything now. */
  async destroy(): Promise<void> {
    await this.#pool.destroy()
  }
}

function poolOptions(options: UpstreamOptions, keepAliveMs: number): Pool.Options {
  return {
    connections: UPSTREAM_CONNECTIONS_MAX,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    headersTimeout: options.headersTimeoutMs ?? UPSTREAM_HEADERS_TIMEOUT_MS,
    bodyTimeout: options.bodyTimeoutMs ?? UPSTREAM_BODY_TIMEOUT_MS,
    maxHeaderSize: UPSTREAM_HEADER_MAX_BYTES,
    strictContentLength: true,
    connect: {
      timeout: options.connectTimeoutMs ?? UPSTREAM_CONNECT_TIMEOUT_MS,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    },
  }
}
