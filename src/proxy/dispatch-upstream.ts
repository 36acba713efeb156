import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { rescueUpstream } from './rescue.ts'
import type { UpstreamOrigin } from './upstream-origin.ts'

/** A request as it goes upstream. */
export interface OutboundRequest {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** Names and values in turn. */
  readonly fields: string[]
  readonly body: Buffer | Readable | null
}

/** How the answer reached the client. */
export type Delivery = 'complete' | 'client-aborted' | 'upstream-failed'

/** How much of an answer may wait here before the upstream is told to pause, in bytes. */
const WAITING_MAX_BYTES = 128 * 1024

/** Starts a request; `head` of the attempt settles when the upstream's answer begins or can't. */
export function dispatchUpstream(upstream: UpstreamOrigin, request: OutboundRequest): Attempt {
  const attempt = new Attempt()
  const { method, target, fields, body } = request
  upstream.dispatch({ method, path: target, headers: fields, body }, attempt)
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
  #settleHead: (() => void) | null = null
  #failHead: ((error: Error) => void) | null = null
  #controller: Dispatcher.DispatchController | null = null
  #abortedWith: Error | null = null
  #waiting: Buffer[] = []
  #waitingBytes = 0
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
    // `rawHeaders` are the field names and values as bytes; other forms belong to other protocols.
    this.rawFields = (controller.rawHeaders ?? []) as readonly Buffer[]
    this.#settleHead?.()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink !== null) {
      if (!this.#sink.write(chunk)) controller.pause()
      return
    }
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
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

  /**
   * The first bytes of the body, without taking them: all of it, or more than `maxBytes` when it is larger.
   * Null when the upstream failed meanwhile.
   */
  async peek(maxBytes: number): Promise<Buffer | null> {
    while (!this.#ended && !this.#failed && this.#waitingBytes <= maxBytes) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#wake = null
    if (this.#failed) return null
    this.#waiting = [Buffer.concat(this.#waiting)]
    return this.#waiting[0] ?? null
  }

  /** Sends head and body to the client, with back-pressure; a body that is whole goes in one write with the head. */
  deliver(response: ServerResponse, fields: string[], reason: string): Promise<Delivery> {
    response.sendDate = false
    response.writeHead(this.status, reason, fields)
    if (this.#ended) {
      const [first, ...more] = this.#waiting
      response.end(more.length === 0 ? first : Buffer.concat(this.#waiting))
      return COMPLETE
    }
    return new Promise((resolve) => {
      const sink = new Sink(response, this.#controller, resolve)
      this.#sink = sink
      const waiting = this.#waiting
      this.#waiting = []
      if (waiting.length === 0) response.flushHeaders()
      const keepsUp = waiting.map((chunk) => sink.write(chunk)).every(Boolean)
      if (this.#failed) sink.fail()
      else if (keepsUp) this.#controller?.resume()
    })
  }
}

const COMPLETE: Promise<Delivery> = Promise.resolve('complete')

/** The client's side of an answer that is still coming. */
class Sink {
  readonly #response: ServerResponse
  readonly #controller: Dispatcher.DispatchController | null
  readonly #done: (delivery: Delivery) => void
  #draining = false

  constructor(
    response: ServerResponse,
    controller: Dispatcher.DispatchController | null,
    done: (delivery: Delivery) => void,
  ) {
    this.#response = response
    this.#controller = controller
    this.#done = done
  }

  /** False: the client does not keep up. */
  write(chunk: Buffer): boolean {
    if (this.#response.write(chunk)) return true
    if (!this.#draining) {
      this.#draining = true
      this.#response.once('drain', () => {
        this.#draining = false
        this.#controller?.resume()
      })
    }
    return false
  }

  end(): void {
    this.#response.end()
    this.#done('complete')
  }

  /** The client must see that the answer is cut: no last chunk, no missing bytes taken for the end. */
  fail(): void {
    this.#response.destroy()
    this.#done('upstream-failed')
  }

  clientGone(): void {
    this.#done('client-aborted')
  }
}
