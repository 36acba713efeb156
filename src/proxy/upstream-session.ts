import type * as Http2 from 'node:http2'
import type { ClientHttp2Session, ClientSessionOptions } from 'node:http2'
import type { Socket } from 'node:net'
import type { Clock, Stop } from '../kernel/ports/clock.ts'
import {
  HTTP2_HEADER_PAIRS_MAX,
  UPSTREAM_FRESH_MS,
  UPSTREAM_HEADER_MAX_BYTES,
  UPSTREAM_PING_AFTER_MS,
  UPSTREAM_PING_TIMEOUT_MS,
  UPSTREAM_SESSION_WINDOW_BYTES,
  UPSTREAM_WINDOW_BYTES,
} from '../kernel/limits.ts'
import type { Attempt, OutboundRequest } from './attempt.ts'
import type { SilenceLimits } from './connection-owner.ts'
import { UpstreamFaultError } from './upstream-fault.ts'
import { type StreamOwner, UpstreamStream } from './upstream-stream.ts'
import { streamHead } from './write-stream.ts'

export interface SessionOwner {
  readonly origin: URL
  readonly limits: SilenceLimits
  readonly clock: Clock
  /** A request has ended, or the upstream takes more of them at once. */
  roomMade(): void
  /** It takes no more requests. */
  leaves(session: UpstreamSession): void
  closed(session: UpstreamSession): void
}

const OPTIONS: ClientSessionOptions & { readonly strictSingleValueFields: boolean } = {
  settings: {
    enablePush: false,
    initialWindowSize: UPSTREAM_WINDOW_BYTES,
    maxHeaderListSize: UPSTREAM_HEADER_MAX_BYTES,
  },
  maxHeaderListPairs: HTTP2_HEADER_PAIRS_MAX,
  // What two fields of one name mean is not for Sidekey to say. The option is Node's; its types lag behind.
  strictSingleValueFields: false,
}

/** One HTTP/2 connection to an upstream, and the requests that are on it. */
export class UpstreamSession implements StreamOwner {
  readonly limits: SilenceLimits
  readonly #owner: SessionOwner
  readonly #session: ClientHttp2Session
  #open = 0
  /** Null: the upstream has not said yet. One request is sent without, for most upstreams to take many. */
  #streamsMax: number | null = null
  #leaving = false
  #lost = false
  /** The last stream that the upstream will have processed; null: it has not said. */
  #lastProcessed: number | null = null
  /** When the upstream was last heard of; monotonic. */
  #heardAtMs: number
  /** When the last of its requests has ended; monotonic. */
  #idleSinceMs: number
  /** Whether it is looked at when its idle time ends, which is sooner than a request may be waited for. */
  #endsSoon = false
  /** Requests that wait until the upstream has shown that it is there. */
  #checking: (() => void)[] = []
  #stopCheck: Stop | null = null

  /** @param socket on which HTTP/2 was agreed */
  constructor(http2: typeof Http2, owner: SessionOwner, socket: Socket) {
    this.#owner = owner
    this.limits = owner.limits
    this.#heardAtMs = owner.clock.monotonic()
    this.#idleSinceMs = this.#heardAtMs
    socket.setTimeout(0)
    const session = http2.connect(owner.origin, { ...OPTIONS, createConnection: () => socket })
    this.#session = session
    session
      .once('connect', () => session.setLocalWindowSize(UPSTREAM_SESSION_WINDOW_BYTES))
      .on('remoteSettings', ({ maxConcurrentStreams = Infinity }) => {
        this.#streamsMax = maxConcurrentStreams
        owner.roomMade()
      })
      .on('goaway', (code, lastStreamId) => this.#goesAway(code, lastStreamId))
      .on('error', () => {
        this.#lost = true
      })
      .on('close', () => this.#closed())
      .on('timeout', () => this.#silent())
    this.#lookIn(UPSTREAM_PING_AFTER_MS)
    socket.once('close', () => {
      this.#lost = true
    })
  }

  /** Whether one more request can be sent now. */
  get hasRoom(): boolean {
    if (this.#leaving || this.#session.closed || this.#session.destroyed) return false
    return this.#open < (this.#streamsMax ?? 1)
  }

  /** Whether the upstream is still to say how many requests it takes. */
  get isNew(): boolean {
    return this.#streamsMax === null
  }

  get isLost(): boolean {
    return this.#lost
  }

  refuses(streamId: number): boolean {
    return this.#lastProcessed !== null && streamId > this.#lastProcessed
  }

  /**
   * Sends a request. One that must not be sent twice waits for the answer to a ping, where the upstream was silent for a
   * while: a connection that is dying would take it along, and nobody would know whether it was processed.
   */
  send(attempt: Attempt, request: OutboundRequest, once: boolean): void {
    this.#open++
    if (this.#endsSoon) this.#lookIn(UPSTREAM_PING_AFTER_MS)
    const { clock } = this.#owner
    if (!once || clock.monotonic() - this.#heardAtMs < UPSTREAM_FRESH_MS) {
      this.#start(attempt, request)
      return
    }
    this.#checking.push(() => this.#start(attempt, request))
    if (this.#checking.length === 1) this.#check()
  }

  /** Ends it, and what is on it. */
  destroy(): void {
    this.#session.destroy()
  }

  #start(attempt: Attempt, request: OutboundRequest): void {
    if (attempt.isOver) return this.#ended()
    if (this.#session.closed || this.#session.destroyed) {
      this.#ended()
      attempt.fail(new UpstreamFaultError('connection-lost'), 'unprocessed')
      return
    }
    const { origin } = this.#owner
    try {
      const head = streamHead(request, origin.protocol.slice(0, -1), origin.host)
      const stream = this.#session.request(head, {
        endStream: request.body === null,
        waitForTrailers: request.body !== null && request.trailers !== null,
      })
      stream.once('response', () => this.#heard()).once('close', () => this.#ended())
      new UpstreamStream(this, stream, attempt, request, isCall(request))
    } catch (error) {
      this.#ended()
      attempt.fail(error instanceof Error ? error : new Error('not sent'), 'failed')
    }
  }

  #heard(): void {
    this.#heardAtMs = this.#owner.clock.monotonic()
  }

  #ended(): void {
    this.#open--
    this.#idleSinceMs = this.#owner.clock.monotonic()
    this.#owner.roomMade()
  }

  #goesAway(code: number, lastStreamId: number): void {
    this.#leaving = true
    this.#lastProcessed = lastStreamId
    if (code !== NO_ERROR) this.#lost = true
    this.#owner.leaves(this)
  }

  #check(): void {
    const { clock } = this.#owner
    this.#stopCheck?.()
    this.#stopCheck = clock.after(UPSTREAM_PING_TIMEOUT_MS, () => this.destroy())
    const settle = (): void => {
      this.#stopCheck?.()
      this.#stopCheck = null
      for (const start of this.#checking.splice(0)) start()
    }
    if (this.#session.destroyed) return settle()
    this.#session.ping((error) => {
      if (error === null) this.#heard()
      settle()
    })
  }

  /** Nothing has moved for a while. */
  #silent(): void {
    const idleMs = this.#owner.clock.monotonic() - this.#idleSinceMs
    const restMs = this.#open === 0 ? this.limits.idleMs - idleMs : UPSTREAM_PING_AFTER_MS
    if (restMs <= 0) {
      this.#leaving = true
      this.#owner.leaves(this)
      this.#session.close()
      return
    }
    // Requests may wait for their answers; that the upstream is still there can be asked.
    if (this.#open > 0 && this.#stopCheck === null) this.#check()
    this.#lookIn(Math.min(restMs, UPSTREAM_PING_AFTER_MS))
  }

  #lookIn(ms: number): void {
    this.#endsSoon = ms < UPSTREAM_PING_AFTER_MS
    this.#session.setTimeout(ms)
  }

  #closed(): void {
    this.#leaving = true
    this.#stopCheck?.()
    for (const start of this.#checking.splice(0)) start()
    this.#owner.closed(this)
  }
}

const NO_ERROR = 0

/** A gRPC call may be silent for as long as its caller's deadline lets it. */
function isCall({ fields }: OutboundRequest): boolean {
  return fields.some(
    (name, i) =>
      i % 2 === 0 &&
      name.toLowerCase() === 'content-type' &&
      fields[i + 1]?.startsWith('application/grpc') === true,
  )
}
