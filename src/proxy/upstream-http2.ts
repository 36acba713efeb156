import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../kernel/ports/clock.ts'
import { UPSTREAM_SESSIONS_MAX } from '../kernel/limits.ts'
import type { Attempt, OutboundRequest } from './attempt.ts'
import type { Connect } from './connect-upstream.ts'
import type { SilenceLimits } from './connection-owner.ts'
import { UpstreamFaultError } from './upstream-fault.ts'
import type { Lane } from './upstream-origin.ts'
import { type SessionOwner, UpstreamSession } from './upstream-session.ts'

/** A request that no connection has taken yet. */
export interface Waiting {
  readonly attempt: Attempt
  readonly request: OutboundRequest
  readonly lane: Lane
}

export interface Http2Settings {
  readonly origin: URL
  readonly limits: SilenceLimits
  readonly clock: Clock
  /** Opens a connection on which both protocols are offered. */
  readonly connect: Connect
  /** The upstream has chosen HTTP/1.1 on this connection, which is free; what waits is somebody else's now. */
  readonly choseHttp1: (connect: Connect, waiting: readonly Waiting[]) => void
}

/** The HTTP/2 connections of an origin. The first one shows whether it has any: until then requests wait. */
export class UpstreamHttp2 implements SessionOwner {
  readonly origin: URL
  readonly limits: SilenceLimits
  readonly clock: Clock
  readonly #settings: Http2Settings
  readonly #sessions = new Set<UpstreamSession>()
  /** Take no more requests, and end with those that they have. */
  readonly #leaving = new Set<UpstreamSession>()
  #opening: Socket | null = null
  #waiting: Waiting[] = []

  constructor(settings: Http2Settings) {
    this.#settings = settings
    this.origin = settings.origin
    this.limits = settings.limits
    this.clock = settings.clock
  }

  send(attempt: Attempt, request: OutboundRequest, lane: Lane): void {
    const session = this.#withRoom()
    if (session !== null) {
      session.send(attempt, request, lane !== 'any')
      return
    }
    this.#waiting.push({ attempt, request, lane })
    this.#openMore()
  }

  /** Ends everything now. */
  destroy(): void {
    this.#opening?.destroy()
    this.#failWaiting(new UpstreamFaultError('connection-lost'))
    for (const session of [...this.#sessions, ...this.#leaving]) session.destroy()
  }

  roomMade(): void {
    while (this.#waiting.length > 0) {
      const session = this.#withRoom()
      if (session === null) return this.#openMore()
      const next = this.#waiting.shift()
      if (next?.attempt.isOver === false) {
        session.send(next.attempt, next.request, next.lane !== 'any')
      }
    }
  }

  leaves(session: UpstreamSession): void {
    if (this.#sessions.delete(session)) this.#leaving.add(session)
    this.#openMore()
  }

  closed(session: UpstreamSession): void {
    this.leaves(session)
    this.#leaving.delete(session)
  }

  #withRoom(): UpstreamSession | null {
    for (const session of this.#sessions) if (session.hasRoom) return session
    return null
  }

  /** Another connection where requests wait, unless one is about to have room for all of them. */
  #openMore(): void {
    if (this.#waiting.length === 0 || this.#opening !== null) return
    if (this.#sessions.size >= UPSTREAM_SESSIONS_MAX) return
    if (![...this.#sessions].some(({ isNew }) => isNew)) this.#openOne()
  }

  #openOne(): void {
    // Until it is known who reads, there is nothing to read.
    let read: Parameters<Connect>[0] = () => true
    const failed = (error: Error): void => {
      if (this.#opening !== socket) return
      this.#opening = null
      socket.destroy()
      // Requests wait because others had no room: one of those will end.
      if (this.#sessions.size === 0) this.#failWaiting(error)
    }
    const lost = (): void => failed(new UpstreamFaultError('connection-lost'))
    const tooLate = (): void => failed(new UpstreamFaultError('connect-timeout'))
    const connected = (): void => {
      socket.off('error', failed).off('close', lost).off('timeout', tooLate).setTimeout(0)
      if (socket instanceof TLSSocket && socket.alpnProtocol !== 'h2') {
        this.#opening = null
        this.#handOver(socket, (reader) => {
          read = reader
        })
        return
      }
      this.#begin(socket)
    }
    const socket = this.#settings.connect((length, buffer) => read(length, buffer), connected)
    this.#opening = socket
    socket.setTimeout(this.limits.connectMs).on('timeout', tooLate)
    socket.once('error', failed).once('close', lost)
  }

  #begin(socket: Socket): void {
    this.#opening = null
    // Loaded at the first, for whoever has no such upstream need not pay for it, and at once, for the socket reads on.
    const http2 = process.getBuiltinModule('node:http2')
    this.#sessions.add(new UpstreamSession(http2, this, socket))
    this.roomMade()
  }

  /** The socket goes on as a connection of HTTP/1.1, whose reader is only known now. */
  #handOver(socket: Socket, readBy: (reader: Parameters<Connect>[0]) => void): void {
    const waiting = this.#waiting.splice(0)
    this.#settings.choseHttp1((reader, connected) => {
      readBy(reader)
      queueMicrotask(connected)
      return socket
    }, waiting)
  }

  #failWaiting(error: Error): void {
    for (const { attempt } of this.#waiting.splice(0)) attempt.fail(error, 'failed')
  }
}
