import type { Readable } from 'node:stream'
import { RefusedError } from '../kernel/errors.ts'
import { CLIENT_STALL_MS } from '../kernel/limits.ts'
import type { BodyBuffer } from './body-buffer.ts'
import type { ClientResponse } from './client-message.ts'
import { type Delivery, sendTrailers, Sink } from './deliver-answer.ts'
import type { Echoes } from './mask-echo.ts'
import { rescueUpstream } from './rescue.ts'
import type { UpgradedStream } from './upgraded-stream.ts'
import { WaitingPieces } from './waiting-pieces.ts'

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
  /** The body's client waits for the upstream's 100, or a final answer, before it sends any of it. */
  readonly expectContinue: boolean
  /** Asks for WebSocket: the answer may be a 101, and then there is `Attempt.upgraded`. */
  readonly upgrade: boolean
  /** What follows the body, as it will be when that has ended; null: nothing does. Names and values in turn. */
  readonly trailers: (() => readonly string[]) | null
  /** A streaming body from its beginning once more; null where that can't be had. */
  readonly again: (() => Readable) | null
  /** What in `fields` opens doors by itself, and is not the secret: a token that was signed for it. Absent: nothing. */
  readonly bearers?: readonly string[]
}

/** What a request is on: a connection of its own, or one stream of a connection that carries many. */
export interface Carrier {
  /** Where pieces of answers have their memory from; absent where it can't be given back. */
  readonly bodies?: BodyBuffer
  /** Stops reading; the upstream's answer waits. */
  pause(): void
  resume(): void
  /** Ends the request, which must not be told. */
  destroy(error: Error): void
}

/**
 * Why a request came to nothing. `lost`: the connection died before any byte of an answer, so that nobody knows whether
 * it was processed; `unprocessed`: the upstream says that it was not; `failed`: all else.
 */
export type Failure = 'lost' | 'unprocessed' | 'failed'

/** How much of an answer may wait here before the upstream is told to pause, in bytes. */
const WAITING_MAX_BYTES = 128 * 1024

/** Above it, copying a body behind its head costs more than a second piece. */
const ONE_PIECE_MAX_BYTES = 16 * 1024

/**
 * One request upstream and its answer. The answer's body waits here until it is looked into or sent on; what is not
 * taken holds the upstream back.
 */
export class Attempt {
  /** Resolves when the head of the answer is there, or will not come any more; never rejects. */
  readonly decided: Promise<void>
  /** Why no head has come: a RefusedError with one of the `upstream-…` codes; null where one has. */
  headless: Error | null = null
  status = 0
  reason = ''
  /** Names and values in turn, as latin1. */
  fields: readonly string[] = []
  /** Null: it has not failed. */
  failure: Failure | null = null
  /** The connection itself, when the answer is a 101; whoever gets the answer takes it over, or destroys it. */
  upgraded: UpgradedStream | null = null
  #decide: (() => void) | null = null
  #carrier: Carrier | null = null
  #bodies: BodyBuffer | undefined
  readonly #waiting = new WaitingPieces()
  #waitingBytes = 0
  #discarded = false
  #ended = false
  #trailers: readonly string[] = NO_TRAILERS
  /** Called at each change while somebody waits for more of the body. */
  #wake: (() => void) | null = null
  #sink: Sink | null = null

  constructor() {
    this.decided = new Promise((resolve) => {
      this.#decide = resolve
    })
  }

  /** Whether nothing more will come. */
  get isOver(): boolean {
    return this.#ended || this.failure !== null
  }

  /** The request is on its way. */
  begin(carrier: Carrier): void {
    this.#carrier = carrier
    this.#bodies = carrier.bodies
  }

  headArrived(status: number, reason: string, fields: readonly string[]): void {
    this.status = status
    this.reason = reason
    this.fields = fields
    this.#settle()
  }

  /** @returns whether the bytes are still needed after the call */
  bodyArrived(chunk: Buffer): boolean {
    if (this.#sink !== null) {
      if (!this.#sink.write(chunk)) this.#carrier?.pause()
      return !this.#sink.hasPassedOn
    }
    this.#waitingBytes += chunk.length
    if (this.#discarded) {
      if (this.#waitingBytes > WAITING_MAX_BYTES) this.abort(new Error('the answer is not wanted'))
      return false
    }
    this.#waiting.push(chunk)
    if (this.#waitingBytes > WAITING_MAX_BYTES) this.#carrier?.pause()
    this.#wake?.()
    return true
  }

  /** The answer is whole; what carried it serves others from here on. */
  answerEnded(trailers: readonly string[] = NO_TRAILERS): void {
    this.#ended = true
    this.#trailers = trailers
    this.#carrier = null
    this.#sink?.end(trailers)
    this.#wake?.()
  }

  fail(error: Error, failure: Failure): void {
    if (this.isOver) return
    this.failure = failure
    this.#carrier = null
    if (this.#decide !== null) this.headless = rescueUpstream(error)
    this.#settle()
    this.#sink?.fail()
    this.#wake?.()
  }

  /** Ends the request and what carries it; the answer is not wanted any more. */
  abort(reason: Error): void {
    this.upgraded?.destroy()
    if (this.isOver) return
    this.#sink?.clientGone()
    const carrier = this.#carrier
    this.fail(reason, 'failed')
    carrier?.destroy(reason)
  }

  /** Lets a short rest of the answer pass unseen, so that its connection can be used again. */
  discard(): void {
    this.#discarded = true
    this.#waiting.take()
    this.#carrier?.resume()
  }

  /** The body's first bytes, not taken away: all of it, or more than `maxBytes`. Null: the upstream failed. */
  async peek(maxBytes: number): Promise<Buffer | null> {
    while (!this.isOver && this.#waitingBytes <= maxBytes) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#wake = null
    if (this.failure !== null) return null
    const whole = Buffer.concat(this.#waiting.take())
    // What is joined may lie in Node's pool, beside bytes of others.
    this.#bodies = undefined
    if (whole.length > 0) this.#waiting.push(whole)
    return whole
  }

  /**
   * Sends head and body to the client, with back-pressure; a body that is whole goes in one write with the head.
   * @throws RefusedError `upstream-invalid` when the head can't be sent on, `upstream-unreachable` when the upstream has
   * died already
   */
  deliver(
    response: ClientResponse,
    reason: string,
    fields: string[],
    echoes: Echoes,
  ): Delivery | Promise<Delivery> {
    if (this.failure !== null) {
      throw new RefusedError('upstream-unreachable', 'the upstream died within its answer')
    }
    response.sendDate = false
    try {
      response.writeHead(this.status, reason, fields)
      if (this.#ended) {
        sendTrailers(response, this.#trailers, echoes)
        const pieces = this.#waiting.take()
        endWith(response, pieces)
        this.#giveBack(pieces, response)
        return 'complete'
      }
      // Not `flushHeaders`, which writes the head as UTF-8.
      if (this.#waiting.isEmpty) response.write('', 'latin1')
    } catch (error) {
      this.abort(new Error('the head of the answer is invalid'))
      throw new RefusedError('upstream-invalid', "the upstream's head is invalid", { cause: error })
    }
    return new Promise((resolve) => {
      const sink = new Sink(response, this.#carrier, echoes, resolve)
      const waiting = this.#waiting.take()
      this.#sink = sink
      const keepsUp = waiting.map((chunk) => sink.write(chunk)).every(Boolean)
      this.#giveBack(waiting, response)
      if (this.failure !== null) sink.fail()
      else if (keepsUp) this.#carrier?.resume()
    })
  }

  #settle(): void {
    this.#decide?.()
    this.#decide = null
  }

  /** What the client's socket has taken already is free for the next piece. */
  #giveBack(pieces: readonly Buffer[], response: ClientResponse): void {
    if (response.hasPassedOn !== true) return
    for (const piece of pieces) this.#bodies?.giveBack(piece)
  }
}

/** One write, with the head; as text where it is small, since then head and body are one piece for the socket. */
function endWith(response: ClientResponse, chunks: readonly Buffer[]): void {
  const [first] = chunks
  const body = chunks.length > 1 ? Buffer.concat(chunks) : first
  if (body === undefined) response.end()
  else if (body.length > ONE_PIECE_MAX_BYTES) {
    response.end(body)
    if (!response.writableFinished) response.setTimeout(CLIENT_STALL_MS, () => response.destroy())
  } else response.end(body.toString('latin1'), 'latin1')
}

const NO_TRAILERS: readonly string[] = []
