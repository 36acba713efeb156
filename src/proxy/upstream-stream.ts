import type { ClientHttp2Stream } from 'node:http2'
import { UPSTREAM_CONTINUE_MS } from '../kernel/limits.ts'
import type { Attempt, Carrier, Failure, OutboundRequest } from './attempt.ts'
import type { SilenceLimits } from './connection-owner.ts'
import { UpstreamFaultError } from './upstream-fault.ts'
import { type StreamBody, writeStreamBody } from './write-stream.ts'

/** RFC 9113, section 7. */
const NO_ERROR = 0
const PROTOCOL_ERROR = 1
const REFUSED_STREAM = 7
const CANCEL = 8

/** What a request needs to know of the connection that it is on. */
export interface StreamOwner {
  readonly limits: SilenceLimits
  /** Whether the connection has ended by itself, and not only this request. */
  readonly isLost: boolean
  /** Whether the upstream has said that it processes nothing from this stream on. */
  refuses(streamId: number): boolean
}

/** One request on a connection that carries many, and its answer. */
export class UpstreamStream implements Carrier {
  readonly #owner: StreamOwner
  readonly #stream: ClientHttp2Stream
  readonly #attempt: Attempt
  readonly #body: StreamBody
  #answered = false
  #over = false
  #trailers: readonly string[] = []
  #error: Error | null = null
  /** What the answer has announced and not sent yet, in bytes; null: it has announced nothing. */
  #missing: number | null = null
  readonly #method: string
  readonly #patient: boolean

  /** @param stream on which the head was sent; @param patient whether silence ends it not, since its caller's deadline does */
  constructor(
    owner: StreamOwner,
    stream: ClientHttp2Stream,
    attempt: Attempt,
    request: OutboundRequest,
    patient: boolean,
  ) {
    this.#owner = owner
    this.#stream = stream
    this.#attempt = attempt
    this.#method = request.method
    this.#patient = patient
    stream
      .on('response', (_fields, _flags, raw) => this.#headArrived(raw))
      .on('trailers', (_trailers, _flags, raw) => {
        this.#trailers = raw
      })
      .on('continue', () => this.#bodyWanted())
      .on('error', (error) => {
        this.#error = error
      })
      .on('close', () => this.#closed())
      .on('timeout', () => this.#silent())
    this.#body = writeStreamBody(stream, request)
    if (this.#body.isHeldBack) stream.setTimeout(UPSTREAM_CONTINUE_MS)
    else this.#waitFor(owner.limits.headMs)
    attempt.begin(this)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  /** Cancels the request; its connection goes on. */
  destroy(): void {
    this.#over = true
    this.#body.stop()
    this.#stream.close(CANCEL)
  }

  /** Silence for longer ends the request. */
  #waitFor(ms: number): void {
    this.#stream.setTimeout(this.#patient ? 0 : ms)
  }

  #bodyWanted(): void {
    if (!this.#body.isHeldBack) return
    this.#waitFor(this.#owner.limits.headMs)
    this.#body.begin()
  }

  #headArrived(raw: readonly string[]): void {
    this.#waitFor(this.#owner.limits.bodyMs)
    this.#answered = true
    // Pseudo fields come first, and of an answer there is one.
    const status = Number(raw[1])
    const fields = raw.slice(2)
    const bodiless = this.#method === 'HEAD' || status === 204 || status === 304
    this.#missing = bodiless ? null : announcedLength(fields)
    this.#attempt.headArrived(status, '', fields)
    // Not before: Node tells of the head a moment later than of a body that came with it.
    this.#stream
      .on('data', (chunk: Buffer) => {
        if (this.#missing !== null) this.#missing -= chunk.length
        this.#attempt.bodyArrived(chunk)
      })
      .on('end', () => this.#ended())
  }

  #ended(): void {
    // A reset ends the stream too; what it means is known when it is closed.
    if (this.#over || !this.#answered || this.#isBroken()) return
    this.#over = true
    this.#body.stop()
    this.#attempt.answerEnded(this.#trailers)
    // What is left of the request's body is not wanted.
    if (!this.#stream.writableEnded) this.#stream.close(NO_ERROR)
  }

  #closed(): void {
    this.#body.stop()
    if (this.#over) return
    this.#over = true
    const { rstCode } = this.#stream
    const fault = rstCode === PROTOCOL_ERROR ? 'answer-invalid' : 'connection-lost'
    this.#attempt.fail(this.#error ?? new UpstreamFaultError(fault), this.#failure())
  }

  #isBroken(): boolean {
    if (this.#missing !== null && this.#missing !== 0) return true
    return this.#error !== null || (this.#stream.rstCode ?? NO_ERROR) !== NO_ERROR
  }

  #failure(): Failure {
    if (this.#answered) return 'failed'
    const { id, rstCode } = this.#stream
    if (rstCode === REFUSED_STREAM || id === undefined || this.#owner.refuses(id)) {
      return 'unprocessed'
    }
    return this.#owner.isLost ? 'lost' : 'failed'
  }

  #silent(): void {
    // An upstream that does not know the expectation waits for the body.
    if (this.#body.isHeldBack && !this.#answered) return this.#bodyWanted()
    const { headMs, bodyMs } = this.#owner.limits
    const stream = this.#stream
    const waitsForUpstream =
      stream.writableEnded || stream.writableNeedDrain || this.#body.isHeldBack
    if (stream.isPaused() || !waitsForUpstream) {
      // The client is waited for.
      stream.setTimeout(this.#answered ? bodyMs : headMs)
      return
    }
    this.#attempt.fail(new UpstreamFaultError('answer-timeout'), 'failed')
    this.destroy()
  }
}

/** A reset with the code "no error" ends an answer like its end; that it is whole, only its length tells then. */
function announcedLength(fields: readonly string[]): number | null {
  const at = fields.findIndex((name, i) => i % 2 === 0 && name === 'content-length')
  return at < 0 ? null : Number(fields[at + 1])
}
