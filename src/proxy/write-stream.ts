import type { ClientHttp2Stream } from 'node:http2'
import type { Readable } from 'node:stream'
import type { OutboundRequest } from './attempt.ts'
import { EXPECTS_BODY } from './write-request.ts'

/**
 * A request's head as HTTP/2 has it. Sidekey hands on trailers, so it says so: gRPC upstreams ask for it.
 * @param scheme `http` or `https`; @param authority the upstream's host, and its port where that is not the default
 */
export function streamHead(request: OutboundRequest, scheme: string, authority: string): string[] {
  const { method, target, fields, body, bodyLength } = request
  const head = [':method', method, ':scheme', scheme, ':authority', authority, ':path', target]
  for (let i = 0; i + 1 < fields.length; i += 2) {
    head.push((fields[i] ?? '').toLowerCase(), fields[i + 1] ?? '')
  }
  head.push('te', 'trailers')
  if (Buffer.isBuffer(body)) head.push('content-length', String(body.length))
  else if (body === null && EXPECTS_BODY.has(method)) head.push('content-length', '0')
  else if (bodyLength !== null) head.push('content-length', String(bodyLength))
  if (request.expectContinue) head.push('expect', '100-continue')
  return head
}

/** The body behind a head. */
export interface StreamBody {
  /** Whether its client sends none of it before it is asked to. */
  readonly isHeldBack: boolean
  /** Asks for what is held back, and writes it; only while it is. */
  begin(): void
  /** Nothing more of it is wanted. */
  stop(): void
}

/** Writes the body behind a head, as fast as the upstream takes it and the client sends it. */
export function writeStreamBody(stream: ClientHttp2Stream, request: OutboundRequest): StreamBody {
  const { body, trailers } = request
  if (body === null) return WHOLE
  if (trailers !== null) stream.once('wantTrailers', () => sendTrailers(stream, trailers()))
  if (Buffer.isBuffer(body)) {
    stream.end(body)
    return WHOLE
  }
  const writer = new StreamWriter(stream, body)
  if (!request.expectContinue) writer.begin()
  return writer
}

class StreamWriter implements StreamBody {
  isHeldBack = true
  readonly #stream: ClientHttp2Stream
  readonly #body: Readable
  #isWriting = false

  constructor(stream: ClientHttp2Stream, body: Readable) {
    this.#stream = stream
    this.#body = body
  }

  begin(): void {
    this.isHeldBack = false
    this.#isWriting = true
    this.#stream.on('drain', this.#drain)
    this.#body.on('data', this.#data).on('end', this.#end).on('close', this.#close)
    if (this.#body.destroyed) this.#close()
  }

  stop(): void {
    this.isHeldBack = false
    // A body that was never asked for may be another attempt's by now, and must not be paused for that one.
    if (!this.#isWriting) return
    this.#isWriting = false
    this.#stream.off('drain', this.#drain)
    this.#body.off('data', this.#data).off('end', this.#end).off('close', this.#close)
    this.#body.pause()
  }

  readonly #data = (chunk: Buffer): void => {
    if (!this.#stream.write(chunk)) this.#body.pause()
  }
  readonly #drain = (): void => void this.#body.resume()
  readonly #end = (): void => void this.#stream.end()
  readonly #close = (): void => {
    this.stop()
    // Before its end: the client is gone.
    if (!this.#stream.writableEnded) this.#stream.close(CANCEL)
  }
}

/** RFC 9113, section 7. */
const CANCEL = 8

/** There is none, or it went with the head. */
const WHOLE: StreamBody = { isHeldBack: false, begin: () => {}, stop: () => {} }

function sendTrailers(stream: ClientHttp2Stream, fields: readonly string[]): void {
  const trailers: Record<string, string[]> = {}
  for (let i = 0; i + 1 < fields.length; i += 2) {
    ;(trailers[(fields[i] ?? '').toLowerCase()] ??= []).push(fields[i + 1] ?? '')
  }
  stream.sendTrailers(trailers)
}
