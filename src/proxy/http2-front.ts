import type * as Http2 from 'node:http2'
import type { ServerHttp2Session, ServerHttp2Stream, ServerOptions } from 'node:http2'
import type { Socket } from 'node:net'
import type { Clock, Stop } from '../kernel/ports/clock.ts'
import {
  CLIENT_DRAIN_IDLE_MS,
  CLIENT_IDLE_TIMEOUT_MS,
  HTTP2_HEADER_LIST_MAX_BYTES,
  HTTP2_HEADER_PAIRS_MAX,
  HTTP2_RESETS_BURST,
  HTTP2_RESETS_PER_SECOND,
  HTTP2_SESSION_MEMORY_MB,
  HTTP2_STREAMS_MAX,
  HTTP2_STREAMS_TOTAL_MAX,
  REQUEST_HEADERS_TIMEOUT_MS,
} from '../kernel/limits.ts'
import type { Entrance } from './entrance.ts'
import type { Handle } from './http1-front.ts'
import { Http2Request } from './http2-request.ts'
import { Http2Response } from './http2-response.ts'

const OPTIONS: ServerOptions = {
  settings: {
    maxConcurrentStreams: HTTP2_STREAMS_MAX,
    maxHeaderListSize: HTTP2_HEADER_LIST_MAX_BYTES,
    enablePush: false,
    enableConnectProtocol: false,
  },
  maxHeaderListPairs: HTTP2_HEADER_PAIRS_MAX,
  maxSessionMemory: HTTP2_SESSION_MEMORY_MB,
  maxSettings: 32,
  maxOutstandingPings: 10,
  streamResetBurst: HTTP2_RESETS_BURST,
  streamResetRate: HTTP2_RESETS_PER_SECOND,
  // What two fields of one name mean is not for Sidekey to say: they pass, or the head's reader refuses them.
  strictSingleValueFields: false,
}

/** RFC 9113, section 7. */
const REFUSED_STREAM = 7
/** A flag of HEADERS: nothing follows. */
const END_STREAM = 1
/** Connections of clients that speak HTTP/2: TLS listeners and tunnels hand them over here. */
export class Http2Front {
  readonly #http2: typeof Http2
  readonly #clock: Clock
  readonly #handle: Handle
  readonly #sessions = new Map<ServerHttp2Session, Connection>()
  #streams = 0
  /** Whether connections end with their next answers. */
  #leaving = false
  #stopSweep: Stop = () => {}

  /** Loads what speaks HTTP/2, which costs memory, so that only those pay who offer it. */
  static async open(clock: Clock, handle: Handle): Promise<Http2Front> {
    return new Http2Front(await import('node:http2'), clock, handle)
  }

  private constructor(http2: typeof Http2, clock: Clock, handle: Handle) {
    this.#http2 = http2
    this.#clock = clock
    this.#handle = handle
  }

  /** Takes a connection on which HTTP/2 was agreed. */
  admit(socket: Socket, entrance: Entrance): void {
    const session = this.#http2.performServerHandshake(socket, OPTIONS)
    const connection = { streams: 0, used: true }
    this.#sessions.set(session, connection)
    session
      .on('close', () => this.#sessions.delete(session))
      // It ends the session, and every request on it learns of that by itself.
      .on('error', () => {})
      .on('timeout', () => {
        if (connection.streams === 0) session.close()
        else session.setTimeout(CLIENT_IDLE_TIMEOUT_MS)
      })
      .on('stream', (stream, _headers, flags, raw) => {
        connection.streams++
        connection.used = true
        session.setTimeout(CLIENT_IDLE_TIMEOUT_MS)
        stream.once('close', () => connection.streams--)
        this.#serve(stream, raw, (flags & END_STREAM) !== 0, entrance)
      })
    session.setTimeout(REQUEST_HEADERS_TIMEOUT_MS)
  }

  /**
   * Lets connections go while nobody is let in any more: one on which requests are, with its next answer, so that its
   * client hears of it first; one without, when it stays so; the rest a little later, and their requests go on. What a
   * client sends meanwhile it is told was not processed: Node has no call for the notice of RFC 9113, section 6.8, and
   * ignores every request behind a GOAWAY of its own.
   */
  drain(): void {
    for (const [session, connection] of this.#sessions) {
      const idle = connection.streams === 0 && !connection.used
      if ((this.#leaving || idle) && !session.closed) session.close()
      connection.used = false
    }
    this.#leaving = true
    this.#stopSweep = this.#clock.after(CLIENT_DRAIN_IDLE_MS, () => this.drain())
  }

  /** Ends all of them now. */
  destroy(): void {
    this.#stopSweep()
    for (const session of this.#sessions.keys()) session.destroy()
  }

  #serve(
    stream: ServerHttp2Stream,
    raw: readonly string[],
    bodiless: boolean,
    entrance: Entrance,
  ): void {
    stream.on('error', () => {})
    if (this.#streams >= HTTP2_STREAMS_TOTAL_MAX) return stream.close(REFUSED_STREAM)
    this.#streams++
    stream.once('close', () => this.#streams--)
    const answering = (): void => {
      if (this.#leaving && stream.session?.closed === false) stream.session.close()
    }
    const response = new Http2Response(stream, answering)
    this.#handle(entrance, new Http2Request(stream, raw, bodiless), response)
  }
}

/** Requests that are on a connection. */
interface Connection {
  streams: number
  /** Whether there was one since it was last looked at. */
  used: boolean
}
