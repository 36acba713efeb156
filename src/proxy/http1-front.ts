import type { Socket } from 'node:net'
import type { Clock, Stop } from '../kernel/ports/clock.ts'
import {
  CLIENT_DRAIN_IDLE_MS,
  CLIENT_IDLE_TIMEOUT_MS,
  CLIENT_LINGER_MS,
  REQUEST_HEADERS_TIMEOUT_MS,
} from '../kernel/limits.ts'
import type { ClientReads } from './client-reads.ts'
import type { ClientRequest, ClientResponse } from './client-message.ts'
import type { Entrance } from './entrance.ts'
import { Http1Connection } from './http1-connection.ts'
import type { Http1Owner, Waits } from './http1-owner.ts'
import type { Http1Request } from './http1-request.ts'
import type { Llhttp } from './llhttp.ts'
import { wantsWebSocket } from './web-sockets.ts'
import type { WriteBatch } from './write-batch.ts'

export type Handle = (entrance: Entrance, request: ClientRequest, response: ClientResponse) => void

/** Answers a request whose connection was given up; `head` are the bytes that came behind it. */
export type TakesSocket = (
  entrance: Entrance,
  request: Http1Request,
  socket: Socket,
  head: Buffer,
) => void

export interface Http1Deps {
  readonly clock: Clock
  readonly llhttp: Llhttp
  readonly batch: WriteBatch
  readonly handle: Handle
  /** Answers a CONNECT. */
  readonly connect: TakesSocket
  /** Answers the handshake of a WebSocket. */
  readonly upgrade: TakesSocket
}

/** How often connections are looked at, so that none of them needs a timer. */
const TICK_MS = 1_000
/** For how many of these looks a connection may wait. */
const TICKS_MAX: Readonly<Record<Waits, number>> = {
  head: REQUEST_HEADERS_TIMEOUT_MS / TICK_MS,
  next: CLIENT_IDLE_TIMEOUT_MS / TICK_MS,
  answer: Infinity,
  rest: CLIENT_IDLE_TIMEOUT_MS / TICK_MS,
  end: CLIENT_LINGER_MS / TICK_MS,
}

/** Connections of clients that speak HTTP/1.1, with Sidekey's limits. llhttp stays strict. */
export class Http1Front implements Http1Owner {
  readonly llhttp: Llhttp
  readonly batch: WriteBatch
  readonly givesUp = wantsWebSocket
  tick = 0
  leaving = false
  readonly #deps: Http1Deps
  readonly #connections = new Set<Http1Connection>()
  #ticking = false
  #stopTick: Stop = () => {}
  #stopSweep: Stop = () => {}

  constructor(deps: Http1Deps) {
    this.#deps = deps
    this.llhttp = deps.llhttp
    this.batch = deps.batch
  }

  /** Takes a connection, of which nothing was read yet. */
  admit(reads: ClientReads, entrance: Entrance): void {
    this.#connections.add(new Http1Connection(this, reads, entrance))
    if (!this.#ticking) this.#tickLater()
  }

  /**
   * Lets connections go, now that nobody is let in any more: each with its next answer, and one that has no request when it
   * stays so. What is sent on a connection that is ended while idle is lost.
   */
  drain(): void {
    this.leaving = true
    for (const connection of this.#connections) letGo(connection)
    this.#stopSweep = this.#deps.clock.after(CLIENT_DRAIN_IDLE_MS, () => this.drain())
  }

  /** Ends all of them now. */
  destroy(): void {
    this.#stopSweep()
    this.#stopTick()
    for (const { socket } of this.#connections) socket.destroy()
  }

  now(): number {
    return this.#deps.clock.now()
  }

  handle(entrance: Entrance, request: ClientRequest, response: ClientResponse): void {
    this.#deps.handle(entrance, request, response)
  }

  give(connection: Http1Connection, request: Http1Request, head: Buffer): void {
    const { socket, entrance } = connection
    connection.release()
    const takes = request.method === 'CONNECT' ? this.#deps.connect : this.#deps.upgrade
    takes(entrance, request, socket, head)
  }

  closed(connection: Http1Connection): void {
    this.#connections.delete(connection)
  }

  #tickLater(): void {
    this.#ticking = true
    this.#stopTick = this.#deps.clock.after(TICK_MS, () => {
      this.tick++
      this.#ticking = this.#connections.size > 0
      for (const connection of this.#connections) endSlow(connection)
      if (this.#ticking) this.#tickLater()
    })
  }
}

function endSlow(connection: Http1Connection): void {
  if (connection.waited < TICKS_MAX[connection.waits]) return
  if (connection.waits === 'head') connection.expire()
  else connection.socket.destroy()
}

/** Ends a connection that had no request at the last look either. */
function letGo(connection: Http1Connection): void {
  if (connection.waits === 'answer') return
  if (connection.rested) connection.socket.destroy()
  else connection.rested = true
}
