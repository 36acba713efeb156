import type { ServerHttp2Stream } from 'node:http2'
import type { ClientRequest } from './client-message.ts'
import { type Http1Head, translateHead } from './http2-head.ts'

/** What Node's stream has no event for: the whole body came, and the client did not reset the request after it. */
const WHOLE = 'whole'

/** A request on a connection that carries many, in the words of HTTP/1.1. */
export class Http2Request implements ClientRequest {
  readonly httpVersion = '2.0'
  /** No connection becomes a WebSocket here: RFC 8441 is not offered. */
  readonly upgrade = false
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  readonly socket = { bytesRead: 0 }
  rawTrailers: readonly string[] = []
  readonly #stream: ServerHttp2Stream
  #whole = false
  #counting = false

  /** @param fields what came in the head, pseudo fields among them; @param bodiless whether nothing follows it */
  constructor(stream: ServerHttp2Stream, fields: readonly string[], bodiless: boolean) {
    const head: Http1Head = translateHead(fields, bodiless)
    this.method = head.method
    this.url = head.target
    this.rawHeaders = head.fields
    this.#stream = stream
    stream.on('end', () => {
      // A reset with the code "no error" ends the stream too, in the middle of a body.
      if (stream.closed) return
      this.#whole = true
      stream.emit(WHOLE)
    })
    stream.on('trailers', (_trailers, _flags, raw) => {
      this.rawTrailers = raw
    })
  }

  get complete(): boolean {
    return this.#whole
  }

  get readableEnded(): boolean {
    return this.#whole
  }

  isPaused(): boolean {
    return this.#stream.isPaused()
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  on(event: 'data', listener: (chunk: Buffer) => void): this
  on(event: 'end' | 'close', listener: () => void): this
  on(event: 'error', listener: (error: Error) => void): this
  on(event: string, listener: (...args: never[]) => void): this {
    this.#stream.on(event === 'end' ? WHOLE : event, listener as () => void)
    if (event === 'data' && !this.#counting) {
      this.#counting = true
      this.#stream.on('data', (chunk: Buffer) => {
        this.socket.bytesRead += chunk.length
      })
    }
    return this
  }

  off(event: 'data', listener: (chunk: Buffer) => void): this
  off(event: 'end' | 'close', listener: () => void): this
  off(event: 'error', listener: (error: Error) => void): this
  off(event: string, listener: (...args: never[]) => void): this {
    this.#stream.off(event === 'end' ? WHOLE : event, listener as () => void)
    return this
  }
}
