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
import { endToEndResponseFields } from './hop-headers.ts'
import type { Http1Request } from './http1-request.ts'
import { Http1Response, type Wire } from './http1-response.ts'
import { type Echoes, maskEcho } from './mask-echo.ts'
import type { GivesUp } from './parse-requests.ts'
import { rawRefusal, rescue, RetryLaterError } from './rescue.ts'
import type { Answered } from './try-candidates.ts'
import type { UpgradedStream } from './upgraded-stream.ts'
import type { WriteBatch } from './write-batch.ts'

export interface WebSocketsDeps {
  readonly clock: Clock
  readonly batch: WriteBatch
}

/**
 * Connections that no HTTP server watches any more, since they became WebSockets or ask for it. The handshake is a request
 * like any other; what comes behind its 101 passes both ways, byte for byte.
 */
export class WebSockets {
  readonly #deps: WebSocketsDeps
  readonly #open = new Set<Socket>()
  readonly #handshakes = new WeakMap<object, Handshake>()
  #stopping = false

  constructor(deps: WebSocketsDeps) {
    this.#deps = deps
  }

  /**
   * Takes over the connection of a handshake.
   * @param head what came behind it
   * @returns where its answer goes; null when it was refused here
   */
  take(request: Http1Request, socket: Socket, head: Buffer): Http1Response | null {
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
    const response = this.#answerOn(request, socket)
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
    { meter, clock, echoes }: JoinDeps,
  ): RequestOutcome {
    const handshake = this.#handshakes.get(answer)
    const { upgraded } = attempt
    candidate.used(clock.now())
    if (upgraded === null || handshake === undefined || handshake.socket.destroyed) {
      upgraded?.destroy()
      throw new RefusedError('upstream-invalid', 'the upstream changes the protocol unasked')
    }
    const { response, socket } = handshake
    const fields = endToEndResponseFields(attempt.fields)
    const reason = maskEcho(fields, attempt.reason, echoes)
    fields.push('Connection', 'Upgrade', 'Upgrade', 'websocket')
    response.switchProtocol(attempt.status, reason, fields)
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

  /** An answer that is no 101 is the last one on its connection. */
  #answerOn(request: Http1Request, socket: Socket): Http1Response {
    const { clock, batch } = this.#deps
    const wire: Wire = {
      socket,
      batch,
      now: () => clock.now(),
      answering: () => {},
      answered: () => socket.destroySoon(),
    }
    const response = new Http1Response(wire, request, false)
    socket.once('close', () => response.connectionClosed())
    return response
  }
}

interface JoinDeps {
  readonly meter: RouteMeter
  readonly clock: Clock
  /** What the answer must not show. */
  readonly echoes: Echoes
}

interface Handshake {
  readonly response: Http1Response
  readonly socket: Socket
}

/** Whether the connection of this request is given up: it asks in the words of HTTP/1.1. */
export function wantsWebSocket({ method, version, fields }: ParsedRequest): boolean {
  if (method !== 'GET' || version !== '1.1') return false
  let protocols = ''
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() !== 'upgrade') continue
    protocols = protocols === '' ? (fields[i + 1] ?? '') : `${protocols}, ${fields[i + 1]}`
  }
  return protocols.toLowerCase() === 'websocket'
}

type ParsedRequest = Parameters<GivesUp>[0]

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
