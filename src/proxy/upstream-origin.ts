import {
  UPSTREAM_BODY_TIMEOUT_MS,
  UPSTREAM_CONNECT_TIMEOUT_MS,
  UPSTREAM_CONNECTIONS_MAX,
  UPSTREAM_DISTRUST_MS,
  UPSTREAM_FRESH_MS,
  UPSTREAM_HEADERS_TIMEOUT_MS,
  UPSTREAM_KEEP_ALIVE_MS,
} from '../kernel/limits.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import { type Connect, connectorTo } from './connect-upstream.ts'
import type { Attempt, OutboundRequest } from './attempt.ts'
import { CHUNK_MAX_BYTES } from './chunk-text.ts'
import type { Llhttp } from './llhttp.ts'
import type { ConnectionOwner, SilenceLimits } from './connection-owner.ts'
import { UpstreamConnection } from './upstream-connection.ts'
import type { OriginDeps, UpstreamOptions } from './upstream-options.ts'
import type { ReadTurns } from './read-turns.ts'
import { RELEASED, UpstreamFaultError } from './upstream-fault.ts'
import { UpstreamHttp2, type Waiting } from './upstream-http2.ts'
import type { WriteBatch } from './write-batch.ts'

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
export class UpstreamOrigin implements ConnectionOwner {
  readonly hostField: string
  readonly upgradeField: string
  readonly limits: SilenceLimits
  readonly batch: WriteBatch
  readonly turns: ReadTurns
  readonly #clock: Clock
  readonly #llhttp: Llhttp
  readonly #connect: Connect
  readonly #connectionsMax: number
  readonly #http2: UpstreamHttp2 | null
  /** Whether that is still asked: the upstream may have chosen HTTP/1.1. */
  #triesHttp2: boolean
  /** Where the bytes of all connections arrive, one read at a time. */
  readonly #readBuffer = Buffer.allocUnsafeSlow(CHUNK_MAX_BYTES)
  readonly #open = new Set<UpstreamConnection>()
  /** Free ones, the last used last. */
  readonly #free: UpstreamConnection[] = []
  /** Free since this turn of the event loop: the end of one may be there already, unread. */
  #rested: UpstreamConnection[] = []
  /** Those that serve one request only, and the one among them that is observed. */
  readonly #single = new Set<UpstreamConnection>()
  #observed: UpstreamConnection | null = null
  #trusted = false
  #distrustUntilMs = 0
  /** Requests that wait for one of the connections, the first to be served first. */
  readonly #waiting: { readonly attempt: Attempt; readonly request: OutboundRequest }[] = []
  #stopped = false

  constructor(
    origin: string,
    options: UpstreamOptions,
    { clock, llhttp, batch, turns }: OriginDeps,
  ) {
    const url = new URL(origin)
    this.hostField = `host: ${url.host}\r\nconnection: keep-alive\r\n`
    this.upgradeField = `host: ${url.host}\r\nconnection: upgrade\r\nupgrade: websocket\r\n`
    this.limits = {
      connectMs: options.connectTimeoutMs ?? UPSTREAM_CONNECT_TIMEOUT_MS,
      idleMs: UPSTREAM_KEEP_ALIVE_MS,
      headMs: options.headersTimeoutMs ?? UPSTREAM_HEADERS_TIMEOUT_MS,
      bodyMs: options.bodyTimeoutMs ?? UPSTREAM_BODY_TIMEOUT_MS,
    }
    this.batch = batch
    this.turns = turns
    this.#connectionsMax = options.connectionsMax ?? UPSTREAM_CONNECTIONS_MAX
    this.#clock = clock
    this.#llhttp = llhttp
    this.#connect = connectorTo(url, options, this.#readBuffer)
    const { http2 = url.protocol === 'https:' } = options
    this.#http2 = http2 ? this.#offerHttp2(url, options) : null
    this.#triesHttp2 = http2
  }

  /** Puts a request on a connection of its lane; `attempt` learns what becomes of it. */
  send(attempt: Attempt, request: OutboundRequest, lane: Lane): void {
    if (this.#triesHttp2 && !request.upgrade) {
      this.#http2?.send(attempt, request, lane)
      return
    }
    if (lane === 'new' || (lane === 'known' && !this.#trusted)) {
      this.#openSingle().send(attempt, request)
      return
    }
    const connection = lane === 'any' ? this.#takeAny() : this.#takeFresh()
    if (connection !== null) connection.send(attempt, request)
    else if (this.#open.size < this.#connectionsMax || this.#makeRoom()) {
      this.#openShared().send(attempt, request)
    } else this.#waiting.push({ attempt, request })
  }

  /** A connection died while a request was on it, before any byte of an answer. */
  connectionLost(): void {
    this.#trusted = false
    this.#distrustUntilMs = this.#clock.monotonic() + UPSTREAM_DISTRUST_MS
  }

  /** Ends everything now. */
  destroy(): void {
    this.#stopped = true
    const error = new UpstreamFaultError('connection-lost')
    for (const { attempt } of this.#waiting.splice(0)) attempt.fail(error, 'failed')
    this.#http2?.destroy()
    for (const connection of [...this.#open, ...this.#single]) connection.destroy(error)
  }

  paused(connection: UpstreamConnection): void {
    if (this.#waiting.length === 0 || !this.#open.delete(connection)) return
    this.#single.add(connection)
    this.#serveWaiting(this.#openShared())
  }

  free(connection: UpstreamConnection): void {
    if (this.#single.has(connection)) this.#singleFree(connection)
    else if (!this.#serveWaiting(connection)) {
      connection.freeSinceMs = this.#clock.monotonic()
      if (this.#rested.push(connection) === 1) setImmediate(this.#settle)
    }
  }

  closed(connection: UpstreamConnection, expired: boolean): void {
    if (connection === this.#observed) {
      this.#observed = null
      this.#trusted = expired && this.#clock.monotonic() >= this.#distrustUntilMs
    }
    if (this.#single.delete(connection)) return
    this.#open.delete(connection)
    remove(this.#free, connection)
    remove(this.#rested, connection)
    if (this.#waiting.length > 0 && !this.#stopped) this.#serveWaiting(this.#openShared())
  }

  #offerHttp2(origin: URL, options: UpstreamOptions): UpstreamHttp2 {
    const connect = connectorTo(origin, options, this.#readBuffer, ['h2', 'http/1.1'])
    const choseHttp1 = (reuse: Connect, waiting: readonly Waiting[]): void => {
      this.#triesHttp2 = false
      const [first, ...others] = waiting.filter(({ attempt }) => !attempt.isOver)
      if (first === undefined) return void reuse(drop, drop).destroy()
      const { attempt, request, lane } = first
      const connection = lane === 'any' ? this.#openShared(reuse) : this.#openSingle(reuse)
      connection.send(attempt, request)
      for (const next of others) this.send(next.attempt, next.request, next.lane)
    }
    return new UpstreamHttp2({
      origin,
      limits: this.limits,
      clock: this.#clock,
      connect,
      choseHttp1,
    })
  }

  /** Slow readers, however many, must not take the place of others: their connections serve nobody after them. */
  #makeRoom(): boolean {
    for (const connection of this.#open) {
      if (!connection.isPaused) continue
      this.#open.delete(connection)
      this.#single.add(connection)
      return true
    }
    return false
  }

  #takeAny(): UpstreamConnection | null {
    return this.#rested.pop() ?? this.#takeFree(Infinity)
  }

  #takeFresh(): UpstreamConnection | null {
    return this.#takeFree(UPSTREAM_FRESH_MS)
  }

  /** The one that was used last, when it is not too old for its upstream or for this request. */
  #takeFree(maxAgeMs: number): UpstreamConnection | null {
    const last = this.#free.at(-1)
    if (last === undefined) return null
    const ageMs = this.#clock.monotonic() - last.freeSinceMs
    if (ageMs >= last.keepMs) {
      // The others are older still; their own timers end them.
      last.destroy(RELEASED)
      return null
    }
    if (ageMs >= maxAgeMs) return null
    this.#free.pop()
    return last
  }

  readonly #settle = (): void => {
    this.#free.push(...this.#rested)
    this.#rested = []
  }

  #serveWaiting(connection: UpstreamConnection): boolean {
    let next = this.#waiting.shift()
    while (next?.attempt.isOver === true) next = this.#waiting.shift()
    if (next === undefined) return false
    connection.send(next.attempt, next.request)
    return true
  }

  #openShared(connect = this.#connect): UpstreamConnection {
    const connection = new UpstreamConnection(this, this.#llhttp, connect)
    this.#open.add(connection)
    return connection
  }

  #openSingle(connect = this.#connect): UpstreamConnection {
    const connection = new UpstreamConnection(this, this.#llhttp, connect)
    this.#single.add(connection)
    // One connection at a time is left open after its request, to see whether the upstream does the same.
    if (this.#observed === null && this.#clock.monotonic() >= this.#distrustUntilMs) {
      this.#observed = connection
    }
    return connection
  }

  #singleFree(connection: UpstreamConnection): void {
    if (connection === this.#observed) connection.expireAfter(UPSTREAM_FRESH_MS * 2)
    else connection.destroy(RELEASED)
  }
}

function drop(): boolean {
  return false
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item)
  if (at >= 0) list.splice(at, 1)
}
