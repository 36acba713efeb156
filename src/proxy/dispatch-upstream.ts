import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { RefusedError } from '../kernel/errors.ts'
import { isConnectionLoss, rescueUpstream } from './rescue.ts'
import { type Delivery, Sink } from './deliver-answer.ts'
import type { Lane, UpstreamOrigin } from './upstream-origin.ts'

/** A request as it goes upstream. */
export interface OutboundRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** Names and values in turn. */
  readonly fields: string[]
  readonly body: Buffer | Readable | null
}

/** How much of an answer may wait here before the upstream is told to pause, in bytes. */
const WAITING_MAX_BYTES = 128 * 1024

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
  const attempt = start(upstream, request, repeatable ? 'any' : 'known', started)
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
  const { method, target, fields, body } = request
  upstream.dispatch({ method, path: target, headers: fields, body }, attempt, lane)
  return attempt
}

/**
 * One request upstream and its answer. The answer's body waits here until it is looked into or sent on; what is not
 * taken holds the upstream back.
 */
export class Attempt implements Dispatcher.DispatchHandler {
  /** Resolves with the head of the answer. @throws RefusedError with one of the `upstream-…` codes */
  readonly head: Promise<void>
  status = 0
  reason = ''
  rawFields: readonly Buffer[] = []
  /** The connection died before any byte of an answer, and nobody here wanted that. */
  lost = false
  #settleHead: (() => void) | null = null
  #failHead: ((error: Error) => void) | null = null
  #controller: Dispatcher.DispatchController | null = null
  #abortedWith: Error | null = null
  #answered = false
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

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#abortedWith !== null) controller.abort(this.#abortedWith)
  }

  onResponseStarted(): void {
    this.#answered = true
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _fields: unknown,
    reason?: string,
  ): void {
    // Interim answers are of this hop.
    if (status < 200) return
    this.status = status
    this.reason = reason ?? ''
    // HTTP/1.1 gives the field names and values in turn, as bytes; the type allows for other protocols.
    this.rawFields = (controller.rawHeaders ?? []) as readonly Buffer[]
    this.#settleHead?.()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink !== null) {
      if (!this.#sink.write(chunk)) controller.pause()
      return
    }
    this.#waitingBytes += chunk.length
    if (this.#discarded) {
      if (this.#waitingBytes > WAITING_MAX_BYTES) this.abort(new Error('the answer is not wanted'))
      return
    }
    this.#waiting.push(chunk)
    if (this.#waitingBytes > WAITING_MAX_BYTES) controller.pause()
    this.#wake?.()
  }

  onResponseEnd(): void {
    this.#ended = true
    this.#sink?.end()
    this.#wake?.()
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#failed = true
    this.lost =
      !this.#answered &&
      this.#abortedWith === null &&
      this.#controller !== null &&
      isConnectionLoss(error)
    this.#failHead?.(rescueUpstream(error))
    this.#sink?.fail()
    this.#wake?.()
  }

  /** Ends the request and closes its connection; the answer is not wanted any more. */
  abort(reason: Error): void {
    if (this.#ended || this.#failed) return
    this.#sink?.clientGone()
    this.#abortedWith = reason
    this.#controller?.abort(reason)
  }

  /** Lets a short rest of the answer pass unseen, so that its connection can be used again. */
  discard(): void {
    this.#discarded = true
    this.#waiting = []
    this.#controller?.resume()
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
  deliver(response: ServerResponse, reason: string, fields: string[]): Promise<Delivery> {
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
      const [first] = this.#waiting
      response.end(this.#waiting.length > 1 ? Buffer.concat(this.#waiting) : first)
      return COMPLETE
    }
    return new Promise((resolve) => {
      const sink = new Sink(response, this.#controller, resolve)
      const waiting = this.#waiting
      this.#sink = sink
      this.#waiting = []
      if (waiting.length === 0) response.flushHeaders()
      const keepsUp = waiting.map((chunk) => sink.write(chunk)).every(Boolean)
      if (this.#failed) sink.fail()
      else if (keepsUp) this.#controller?.resume()
    })
  }
}

const COMPLETE: Promise<Delivery> = Promise.resolve('complete')
