import type { Readable } from 'node:stream'
import { RefusedError } from '../kernel/errors.ts'
import type { ClientResponse } from './client-message.ts'
import { rescueUpstream } from './rescue.ts'
import { type Delivery, Sink } from './deliver-answer.ts'
import type { UpgradedStream } from './upgraded-stream.ts'
import type { UpstreamConnection } from './upstream-connection.ts'
import type { Lane, UpstreamOrigin } from './upstream-origin.ts'

/** A request as it goes upstream. */
export interface OutboundRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** Names and values in turn. */
  readonly fields: string[]
  readonly body: Buffer | Readable | null
  /** Of a body that is a stream; null when it is not known. */
  readonly bodyLength: number | null
  /** Asks for WebSocket: the answer may be a 101, and then there is `Attempt.upgraded`. */
  readonly upgrade: boolean
}

/** How much of an answer may wait here before the upstream is told to pause, in bytes. */
const WAITING_MAX_BYTES = 128 * 1024

/** Above it, copying a body behind its head costs more than a second piece. */
const ONE_PIECE_MAX_BYTES = 16 * 1024

/** RFC 9110, section 9.2.2: sending these twice does what sending them once does. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * Sends a request, and resolves when the head of the answer is there. A connection that dies before any byte of an
 * answer is made up for once, on a new connection, where the request may be sent twice.
 * @param started told of every attempt, so that it can be aborted
 * @throws RefusedError with one of the `upstream-…` codes
 */
export async function dispatchUpstream(
  upstream: UpstreamOrigin,
  request: OutboundRequest,
  started: (attempt: Attempt) => void,
): Promise<Attempt> {
  const repeatable = IDEMPOTENT.has(request.method) && !isStream(request.body)
  // What becomes another protocol must not take a connection from the pool.
  const lane = request.upgrade ? 'new' : repeatable ? 'any' : 'known'
  const attempt = start(upstream, request, lane, started)
  try {
    await attempt.head
    return attempt
  } catch (error) {
    if (!attempt.lost) throw error
    upstream.connectionLost()
    if (!repeatable) throw error
  }
  const second = start(upstream, request, 'new', started)
  await second.head
  return second
}

function isStream(body: OutboundRequest['body']): boolean {
  return body !== null && !Buffer.isBuffer(body)
}

function start(
  upstream: UpstreamOrigin,
  request: OutboundRequest,
  lane: Lane,
  started: (attempt: Attempt) => void,
): Attempt {
  const attempt = new Attempt()
  started(attempt)
  if (!attempt.isOver) upstream.send(attempt, request, lane)
  return attempt
}

/**
 * One request upstream and its answer. The answer's body waits here until it is looked into or sent on; what is not
 * taken holds the upstream back.
 */
export class Attempt {
  /** Resolves with the head of the answer. @throws RefusedError with one of the `upstream-…` codes */
  readonly head: Promise<void>
  status = 0
  reason = ''
  /** Names and values in turn, as latin1. */
  fields: readonly string[] = []
  /** The connection died before any byte of an answer, and nobody here wanted that. */
  lost = false
  /** The connection itself, when the answer is a 101; whoever gets the answer takes it over, or destroys it. */
  upgraded: UpgradedStream | null = null
  #settleHead: (() => void) | null = null
  #failHead: ((error: Error) => void) | null = null
  #connection: UpstreamConnection | null = null
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #discarded = false
  #ended = false
  #failed = false
  /** Called at each change while somebody waits for more of the body. */
  #wake: (() => void) | null = null
  #sink: Sink | null = null

  constructor() {
    this.head = new Promise((resolve, reject) => {
      this.#settleHead = resolve
      this.#failHead = reject
    })
  }

  /** Whether nothing more will come. */
  get isOver(): boolean {
    return this.#ended || this.#failed
  }

  /** The request is on this connection now. */
  begin(connection: UpstreamConnection): void {
    this.#connection = connection
  }

  headArrived(status: number, reason: string, fields: readonly string[]): void {
    this.status = status
    this.reason = reason
    this.fields = fields
    this.#settleHead?.()
  }

  bodyArrived(chunk: Buffer): void {
    if (this.#sink !== null) {
      if (!this.#sink.write(chunk)) this.#connection?.pause()
      return
    }
    this.#waitingBytes += chunk.length
    if (this.#discarded) {
      if (this.#waitingBytes > WAITING_MAX_BYTES) this.abort(new Error('the answer is not wanted'))
      return
    }
    this.#waiting.push(chunk)
    if (this.#waitingBytes > WAITING_MAX_BYTES) this.#connection?.pause()
    this.#wake?.()
  }

  /** The answer is whole; its connection serves others from here on. */
  answerEnded(): void {
    this.#ended = true
    this.#connection = null
    this.#sink?.end()
    this.#wake?.()
  }

  /** @param lost whether the connection ended by itself before any byte of an answer */
  fail(error: Error, lost: boolean): void {
    if (this.isOver) return
    this.#failed = true
    this.#connection = null
    this.lost = lost
    this.#failHead?.(rescueUpstream(error))
    this.#sink?.fail()
    this.#wake?.()
  }

  /** Ends the request and closes its connection; the answer is not wanted any more. */
  abort(reason: Error): void {
    this.upgraded?.destroy()
    if (this.isOver) return
    this.#sink?.clientGone()
    const connection = this.#connection
    this.fail(reason, false)
    connection?.destroy(reason)
  }

  /** Lets a short rest of the answer pass unseen, so that its connection can be used again. */
  discard(): void {
    this.#discarded = true
    this.#waiting = []
    this.#connection?.resume()
  }

  /** The body's first bytes, not taken away: all of it, or more than `maxBytes`. Null: the upstream failed. */
  async peek(maxBytes: number): Promise<Buffer | null> {
    while (!this.#ended && !this.#failed && this.#waitingBytes <= maxBytes) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#wake = null
    if (this.#failed) return null
    const whole = Buffer.concat(this.#waiting)
    this.#waiting = [whole]
    return whole
  }

  /**
   * Sends head and body to the client, with back-pressure; a body that is whole goes in one write with the head.
   * @throws RefusedError `upstream-invalid` when the head can't be sent on, `upstream-unreachable` when the upstream has
   * died already
   */
  deliver(response: ClientResponse, reason: string, fields: string[]): Promise<Delivery> {
    if (this.#failed) {
      throw new RefusedError('upstream-unreachable', 'the upstream died within its answer')
    }
    response.sendDate = false
    try {
      response.writeHead(this.status, reason, fields)
    } catch (error) {
      this.abort(new Error('the head of the answer is invalid'))
      throw new RefusedError('upstream-invalid', "the upstream's head is invalid", { cause: error })
    }
    if (this.#ended) {
      endWith(response, this.#waiting)
      return COMPLETE
    }
    return new Promise((resolve) => {
      const sink = new Sink(response, this.#connection, resolve)
      const waiting = this.#waiting
      this.#sink = sink
      this.#waiting = []
      // Not `flushHeaders`, which writes the head as UTF-8.
      if (waiting.length === 0) response.write('', 'latin1')
      const keepsUp = waiting.map((chunk) => sink.write(chunk)).every(Boolean)
      if (this.#failed) sink.fail()
      else if (keepsUp) this.#connection?.resume()
    })
  }
}

/** One write, with the head; as text where it is small, since then head and body are one piece for the socket. */
function endWith(response: ClientResponse, chunks: readonly Buffer[]): void {
  const [first] = chunks
  const body = chunks.length > 1 ? Buffer.concat(chunks) : first
  if (body === undefined || body.length > ONE_PIECE_MAX_BYTES) response.end(body)
  else response.end(body.toString('latin1'), 'latin1')
}

const COMPLETE: Promise<Delivery> = Promise.resolve('complete')
