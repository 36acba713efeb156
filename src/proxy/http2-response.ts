import type { ServerHttp2Stream } from 'node:http2'
import type { ClientResponse } from './client-message.ts'
import { inLeanMemory } from './own-memory.ts'

/** `NGHTTP2_INTERNAL_ERROR` and `NGHTTP2_NO_ERROR`, RFC 9113, section 7. */
const INTERNAL_ERROR = 2
const NO_ERROR = 0

/**
 * The answer on one stream. The head is sent with what comes next, since an answer that is nothing but a head has to
 * say so in it: to gRPC, fields and trailers are told apart by that.
 */
export class Http2Response implements ClientResponse {
  shouldKeepAlive = true
  sendDate = true
  readonly #stream: ServerHttp2Stream
  readonly #answering: () => void
  #head: readonly string[] = []
  #trailers: Record<string, string[]> = {}
  #ended = false

  /** @param answering called before the head is sent */
  constructor(stream: ServerHttp2Stream, answering: () => void) {
    this.#stream = stream
    this.#answering = answering
  }

  get headersSent(): boolean {
    return this.#stream.headersSent
  }

  get destroyed(): boolean {
    return this.#stream.destroyed
  }

  get writableFinished(): boolean {
    // A reset finishes the stream too, and closes it with a code of its own.
    return this.#ended && this.#stream.writableFinished && this.#stream.rstCode === NO_ERROR
  }

  writeHead(status: number, second: string | string[], third?: string[]): void {
    const fields = typeof second === 'string' ? (third ?? []) : second
    const head = [':status', String(status)]
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = (fields[i] ?? '').toLowerCase()
      if (!CONNECTION_FIELDS.has(name)) head.push(name, fields[i + 1] ?? '')
    }
    this.#head = head
  }

  write(chunk: Buffer | string, encoding: BufferEncoding = 'latin1'): boolean {
    const stream = this.#stream
    this.#sendHead(false, true)
    // An answer to HEAD has ended with its head.
    if (chunk.length === 0 || stream.writableEnded || stream.destroyed) return true
    if (typeof chunk === 'string') return stream.write(chunk, encoding)
    return stream.write(stream.writableLength > 0 ? inLeanMemory(chunk) : chunk)
  }

  end(chunk: Buffer | string = '', encoding: BufferEncoding = 'latin1'): void {
    const stream = this.#stream
    const trailing = Object.keys(this.#trailers).length > 0
    this.#ended = true
    this.#sendHead(chunk.length === 0 && !trailing, trailing)
    if (stream.writableEnded || stream.destroyed) return
    if (typeof chunk === 'string') stream.end(chunk, encoding)
    else stream.end(chunk)
  }

  writeContinue(): void {
    const stream = this.#stream
    if (!stream.headersSent && !stream.destroyed) stream.additionalHeaders({ ':status': 100 })
  }

  addTrailers(trailers: [string, string][]): void {
    for (const [name, value] of trailers) (this.#trailers[name.toLowerCase()] ??= []).push(value)
  }

  once(event: 'drain' | 'close' | 'finish', listener: () => void): void {
    this.#stream.once(event, listener)
  }

  setTimeout(ms: number, stalled: () => void): void {
    this.#stream.setTimeout(ms)
    this.#stream.on('timeout', stalled)
  }

  destroy(): void {
    this.#stream.close(INTERNAL_ERROR)
  }

  #sendHead(ended: boolean, trailing: boolean): void {
    const stream = this.#stream
    // The client has reset it; whoever handles the request is told by `close`.
    if (stream.headersSent || stream.destroyed || stream.closed) return
    this.#answering()
    const waitForTrailers = trailing && !ended
    stream.respond(this.#head, { endStream: ended, waitForTrailers })
    if (!waitForTrailers) stream.once('finish', () => this.#letGo())
    stream.once('wantTrailers', () => {
      stream.sendTrailers(this.#trailers)
      this.#letGo()
    })
  }

  /** What a client may go on sending nobody reads any more: it need not be sent. RFC 9113, section 8.1. */
  #letGo(): void {
    const stream = this.#stream
    if (stream.readableEnded || stream.destroyed) return
    stream.resume()
    setImmediate(() => {
      if (!stream.readableEnded && !stream.closed) stream.close(NO_ERROR)
    })
  }
}

const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])
