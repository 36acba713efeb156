import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { RefusedError } from '../kernel/errors.ts'
import {
  CLIENT_DRAIN_IDLE_MS,
  UPSTREAM_CONNECT_TIMEOUT_MS,
  UPSTREAM_HEADERS_TIMEOUT_MS,
  WEBSOCKET_IDLE_MS,
  WEBSOCKETS_MAX,
} from '../kernel/limits.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { RequestOutcome, RouteMeter } from '../kernel/ports/telemetry.ts'
import type { CredentialView } from './credential-view.ts'
import { endToEndResponseFields } from './hop-headers.ts'
import { type Echo, maskEcho } from './mask-echo.ts'
import { rawRefusal, rescue, RetryLaterError } from './rescue.ts'
import type { Answered } from './try-candidates.ts'
import type { UpgradedStream } from './upgraded-stream.ts'

/**
 * Connections that no HTTP server watches any more, since they became WebSockets or ask for it. The handshake is a request
 * like any other; what comes behind its 101 passes both ways, byte for byte.
 */
export class WebSockets {
  readonly #open = new Set<Socket>()
  readonly #handshakes = new WeakMap<object, Handshake>()
  #stopping = false

  /**
   * Takes over the connection of a handshake.
   * @param head what came behind it
   * @returns where its answer goes; null when it was refused here
   */
  take(request: IncomingMessage, socket: Socket, head: Buffer): ServerResponse | null {
    socket.on('error', () => socket.destroy())
    if (this.#stopping || this.#open.size >= WEBSOCKETS_MAX) {
      const tooMany = new RetryLaterError('overloaded', 'there are too many WebSockets', 1_000)
      socket.end(rawRefusal(rescue(tooMany)), () => socket.destroy())
      return null
    }
    if (head.length > 0) socket.unshift(head)
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    socket.setTimeout(HANDSHAKE_MAX_MS).on('timeout', () => socket.destroy())
    // Whoever says nothing more before the answer has gone away; whoever says something is early.
    socket.once('data', early).once('end', gone)
    const response = answerOn(request, socket)
    this.#handshakes.set(response, { response, socket })
    return response
  }

  /**
   * Sends the 101, and joins both sides.
   * @param answer what `take` gave
   * @returns the outcome of the handshake: what the version was used for has ended with it
   * @throws RefusedError `upstream-invalid` when there are not two sides to join
   */
  join(
    answer: object,
    { attempt, candidate }: Answered,
    { credential, meter, clock, echoes }: JoinDeps,
  ): RequestOutcome {
    const handshake = this.#handshakes.get(answer)
    const { upgraded } = attempt
    credential.used(candidate.version, clock.now())
    if (upgraded === null || handshake === undefined || handshake.socket.destroyed) {
      upgraded?.destroy()
      throw new RefusedError('upstream-invalid', 'the upstream changes the protocol unasked')
    }
    const { response, socket } = handshake
    const fields = endToEndResponseFields(attempt.fields)
    const reason = maskEcho(fields, attempt.reason, echoes)
    fields.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
    response.sendDate = false
    response.removeAllListeners('finish')
    response.writeHead(attempt.status, reason, fields)
    response.end()
    response.detachSocket(socket)
    meter.webSocket('opened')
    socket.once('close', () => meter.webSocket('ended'))
    splice(socket, upgraded, this.#stopping ? CLIENT_DRAIN_IDLE_MS : WEBSOCKET_IDLE_MS)
    return 'success'
  }

  /** No new ones; those in which nothing moves are closed. */
  drain(): void {
    this.#stopping = true
    for (const socket of this.#open) socket.setTimeout(CLIENT_DRAIN_IDLE_MS)
  }

  /** Ends all of them now. */
  destroy(): void {
    for (const socket of this.#open) socket.destroy()
  }
}

interface JoinDeps {
  readonly credential: CredentialView
  readonly meter: RouteMeter
  readonly clock: Clock
  /** What the answer must not show. */
  readonly echoes: readonly Echo[]
}

interface Handshake {
  readonly response: ServerResponse
  readonly socket: Socket
}

/** Whether Node may give up the connection of this request, which asks in the words of HTTP/1.1. */
export function wantsWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  return method === 'GET' && httpVersion === '1.1' && headers.upgrade?.toLowerCase() === 'websocket'
}

/** Connecting, the head of the answer, and the same again for a second version. */
const HANDSHAKE_MAX_MS = 2 * (UPSTREAM_CONNECT_TIMEOUT_MS + UPSTREAM_HEADERS_TIMEOUT_MS)

function early(this: Socket, bytes: Buffer): void {
  this.pause()
  this.off('end', gone)
  this.unshift(bytes)
}

function gone(this: Socket): void {
  this.destroy()
}

/** An answer that is no 101 is the last one on its connection. */
function answerOn(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  // What an HTTP server would do for its connections.
  socket.on('drain', () => response.emit('drain'))
  response.once('finish', () => {
    response.detachSocket(socket)
    socket.destroySoon()
  })
  return response
}

/** Each direction ends by itself; when one side breaks, so does the other. Silence is silence in both directions. */
function splice(socket: Socket, upgraded: UpgradedStream, idleMs: number): void {
  socket.off('data', early).off('end', gone)
  socket.setTimeout(idleMs)
  socket.once('close', () => {
    if (!upgraded.writableEnded || !upgraded.readableEnded) upgraded.destroy()
  })
  upgraded.on('error', () => {}).once('close', () => socket.destroySoon())
  if (socket.destroyed) return void upgraded.destroy()
  socket.pipe(upgraded)
  upgraded.pipe(socket)
}
