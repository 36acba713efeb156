/** What the map needs of a client's request: `Http1Request` or `Http2Request`. */
export interface ClientRequest {
  readonly method?: string | undefined
  /** Path and query, or what else stands for them, as received. */
  readonly url?: string | undefined
  /** `1.0`, `1.1` or `2.0`. */
  readonly httpVersion: string
  /** Names and values in turn, as received; those of HTTP/2 say `Host` and its framing in the words of HTTP/1.1. */
  readonly rawHeaders: readonly string[]
  /** The same behind the body; complete when it has ended. */
  readonly rawTrailers: readonly string[]
  /** Whether the whole message has arrived. */
  readonly complete: boolean
  readonly readableEnded: boolean
  /** Whether its connection was given up to become a WebSocket. */
  readonly upgrade?: boolean
  readonly socket: {
    /** Of the connection; of the body alone where the connection carries other requests at the same time. */
    readonly bytesRead: number
  }
  /** The body, where it is whole, short enough, and nobody has listened to it; null: listen to it. */
  takeWhole?(maxBytes: number): readonly Buffer[] | null
  /** Whether nobody waits for more of it now. */
  isPaused(): boolean
  pause(): unknown
  resume(): unknown
  on(event: 'data', listener: (chunk: Buffer) => void): this
  on(event: 'end' | 'close', listener: () => void): this
  on(event: 'error', listener: (error: Error) => void): this
  off(event: 'data', listener: (chunk: Buffer) => void): this
  off(event: 'end' | 'close', listener: () => void): this
  off(event: 'error', listener: (error: Error) => void): this
}

/** What the map needs of the answer to a client: `Http1Response` or `Http2Response`. */
export interface ClientResponse {
  readonly headersSent: boolean
  readonly destroyed: boolean
  /** Whether the memory of what was written is not needed any more; absent where nobody can tell. */
  readonly hasPassedOn?: boolean
  /** Whether all of it was handed over. */
  readonly writableFinished: boolean
  /** False: the connection ends with this answer, where it carries one at a time. */
  shouldKeepAlive: boolean
  /** Whether a `Date` is added where there is none. */
  sendDate: boolean
  writeHead(status: number, reason: string, fields: string[]): unknown
  writeHead(status: number, fields: string[]): unknown
  /** Tells a client that waits with its body to send it; absent where the protocol has no such thing. */
  writeContinue?(): void
  /** False: the client does not keep up; `drain` tells when it does. An empty text sends the head alone. */
  write(chunk: Buffer | string, encoding?: BufferEncoding): boolean
  end(chunk?: Buffer | string, encoding?: BufferEncoding): unknown
  /** Before `end`; what the client's protocol, or this answer's framing, has no place for is left out. */
  addTrailers(trailers: [string, string][]): void
  once(event: 'drain' | 'close' | 'finish', listener: () => void): unknown
  /** Calls back whenever nothing has been taken, or written, for so long. */
  setTimeout(ms: number, stalled: () => void): unknown
  /** Cuts the answer off, so that the client sees that it is not whole. */
  destroy(): unknown
}
