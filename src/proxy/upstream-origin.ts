import { Client, type Dispatcher, Pool } from 'undici'
import {
  UPSTREAM_BODY_TIMEOUT_MS,
  UPSTREAM_CONNECT_TIMEOUT_MS,
  UPSTREAM_CONNECTIONS_MAX,
  UPSTREAM_DISTRUST_MS,
  UPSTREAM_FRESH_MS,
  UPSTREAM_HEADER_MAX_BYTES,
  UPSTREAM_HEADERS_TIMEOUT_MS,
  UPSTREAM_KEEP_ALIVE_MS,
} from '../kernel/limits.ts'
import type { Clock } from '../kernel/ports/clock.ts'

/** Times and trust of connections to upstreams. */
export interface UpstreamOptions {
  readonly connectTimeoutMs?: number
  readonly headersTimeoutMs?: number
  readonly bodyTimeoutMs?: number
  /** PEM certificates that are trusted instead of Node's own; for private authorities and tests. */
  readonly ca?: string
}

/**
 * Which connection a request may use. `any`: one that was used before, for it may be sent again when that one dies.
 * `known`: for a request that must not be sent twice, one that can't be dying; see `UpstreamOrigin`. `new`: its own.
 */
export type Lane = 'any' | 'known' | 'new'

/**
 * One upstream origin and its connections. Certificates are always verified; there is no switch against it.
 *
 * A kept connection may be closed by the upstream just while it is used again; what was sent is then lost, and nobody
 * knows whether it was processed. Requests that can't be sent twice therefore get a new connection, until this origin
 * has been seen to leave an idle one open for twice the time for which theirs are kept. One connection that dies at
 * its use, whatever the request, ends that trust for ten minutes.
 */
export class UpstreamOrigin {
  readonly origin: string
  readonly #clock: Clock
  readonly #options: UpstreamOptions
  readonly #any: Pool
  readonly #known: Pool
  readonly #single = new Set<Client>()
  #observing = false
  #trusted = false
  #distrustUntilMs = 0

  constructor(origin: string, options: UpstreamOptions, clock: Clock) {
    this.origin = origin
    this.#clock = clock
    this.#options = options
    const pool = { connections: UPSTREAM_CONNECTIONS_MAX }
    this.#any = new Pool(origin, { ...this.#clientOptions(UPSTREAM_KEEP_ALIVE_MS), ...pool })
    this.#known = new Pool(origin, { ...this.#clientOptions(UPSTREAM_FRESH_MS), ...pool })
  }

  dispatch(
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
    lane: Lane,
  ): void {
    if (lane === 'any') this.#any.dispatch(options, handler)
    else if (lane === 'known' && this.#trusted) this.#known.dispatch(options, handler)
    else this.#dispatchSingle(options, handler)
  }

  /** A connection died while a request was on it, before any byte of an answer. */
  connectionLost(): void {
    this.#trusted = false
    this.#distrustUntilMs = this.#clock.monotonic() + UPSTREAM_DISTRUST_MS
  }

  /** Lets requests in flight finish, then closes. */
  async close(): Promise<void> {
    const singles = [...this.#single].map((client) => client.close())
    await Promise.all([this.#any.close(), this.#known.close(), ...singles])
  }

  /** Ends everything now. */
  async destroy(): Promise<void> {
    const singles = [...this.#single].map((client) => client.destroy())
    await Promise.all([this.#any.destroy(), this.#known.destroy(), ...singles])
  }

  #dispatchSingle(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const observed = !this.#observing && this.#clock.monotonic() >= this.#distrustUntilMs
    const client = new Client(this.origin, this.#clientOptions(UPSTREAM_FRESH_MS * 2))
    this.#single.add(client)
    client.once('disconnect', (_origin, _targets, error) => {
      this.#single.delete(client)
      if (observed) this.#observed(error)
      client.destroy(() => {})
    })
    client.once('connectionError', () => {
      this.#single.delete(client)
      if (observed) this.#observing = false
    })
    client.dispatch(options, handler)
    // One connection at a time is left open after its request, to see whether the upstream does the same.
    if (observed) this.#observing = true
    else client.close(() => {})
  }

  #observed(error: Error): void {
    this.#observing = false
    const idleForLong =
      'code' in error && error.code === 'UND_ERR_INFO' && /idle/.test(error.message)
    this.#trusted = idleForLong && this.#clock.monotonic() >= this.#distrustUntilMs
  }

  #clientOptions(keepAliveMs: number): Client.Options {
    const { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs, ca } = this.#options
    return {
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      headersTimeout: headersTimeoutMs ?? UPSTREAM_HEADERS_TIMEOUT_MS,
      bodyTimeout: bodyTimeoutMs ?? UPSTREAM_BODY_TIMEOUT_MS,
      maxHeaderSize: UPSTREAM_HEADER_MAX_BYTES,
      strictContentLength: true,
      connect: {
        timeout: connectTimeoutMs ?? UPSTREAM_CONNECT_TIMEOUT_MS,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        ...(ca === undefined ? {} : { ca }),
      },
    }
  }
}
