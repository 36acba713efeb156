import type { Socket } from 'node:net'
import { CLIENT_IDLE_TIMEOUT_MS, CLIENT_STALL_MS } from '../kernel/limits.ts'
import type { ClientResponse } from './client-message.ts'
import { isSized, lastChunk, withFields } from './field-lines.ts'
import type { Batched, WriteBatch } from './write-batch.ts'
import { type Framing, keepsUp, writePiece } from './write-framed.ts'

// Not by `import`, which would load Node's own Fetch.
const { STATUS_CODES } = process.getBuiltinModule('node:http')

/** What an answer needs to know of the request that it answers. */
export interface Answering {
  readonly method: string
  /** Such as `1.1`. */
  readonly httpVersion: string
}

/** The connection of an answer. */
export interface Wire {
  readonly socket: Socket
  readonly batch: WriteBatch
  /** Milliseconds since 1970, for `Date`. */
  now(): number
  /** The head is about to be sent: the last moment to say that the connection ends with it. */
  answering(response: Http1Response): void
  /** All of the answer was taken. */
  answered(response: Http1Response): void
}

/** Above it, head and body go as two pieces: making one text of them costs more than a second one. */
const ONE_PIECE_MAX_BYTES = 16 * 1024

const KEEPS = `Connection: keep-alive\r\nKeep-Alive: timeout=${CLIENT_IDLE_TIMEOUT_MS / 1_000}\r\n`
const ENDS = 'Connection: close\r\n'

/** The answer to one request: head and a small body in one write, at the end of the turn; all else as it comes. */
export class Http1Response implements ClientResponse, Batched {
  shouldKeepAlive: boolean
  sendDate = true
  headersSent = false
  /** Whether the client was told to send its body. */
  hasContinued = false
  writableFinished = false
  readonly #wire: Wire
  readonly #request: Answering
  /** Status line and fields, until they are sent. */
  #head = ''
  #framing: Framing = 'chunked'
  /** Names and values in turn. */
  #trailers: readonly string[] = []
  /** Waits for the end of the turn. */
  #whole = ''
  #ended = false
  #onClose: (() => void) | null = null
  #onFinish: (() => void) | null = null
  #onStall: (() => void) | null = null

  constructor(wire: Wire, request: Answering, keepAlive: boolean) {
    this.#wire = wire
    this.#request = request
    this.shouldKeepAlive = keepAlive
  }

  get destroyed(): boolean {
    return this.#wire.socket.destroyed
  }

  /** Whether all of it is there, and has only to go out. */
  get isWhole(): boolean {
    return this.#ended
  }

  /** A socket that has nothing to write has given it to the system, or to TLS. */
  get hasPassedOn(): boolean {
    return this.#wire.socket.writableLength === 0
  }

  /** @throws TypeError when the reason phrase can't be sent */
  writeHead(status: number, second: string | string[], third?: string[]): void {
    const reason = typeof second === 'string' ? second : (STATUS_CODES[status] ?? '')
    const fields = typeof second === 'string' ? (third ?? []) : second
    if (!REASON.test(reason)) throw new TypeError('the reason phrase is not text')
    this.#head = withFields(`HTTP/1.1 ${status} ${reason}\r\n`, fields)
    const bodiless = this.#request.method === 'HEAD' || status === 204 || status === 304
    if (bodiless) this.#framing = 'none'
    else if (isSized(fields)) this.#framing = 'length'
    else this.#framing = this.#request.httpVersion === '1.0' ? 'close' : 'chunked'
  }

  writeContinue(): void {
    if (this.headersSent) return
    this.hasContinued = true
    this.#wire.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')
  }

  write(chunk: Buffer | string, encoding: BufferEncoding = 'latin1'): boolean {
    const { socket } = this.#wire
    if (this.headersSent) return writePiece(socket, this.#framing, chunk, encoding)
    socket.cork()
    socket.write(this.#takeHead(''), 'latin1')
    writePiece(socket, this.#framing, chunk, encoding)
    socket.uncork()
    return keepsUp(socket)
  }

  end(chunk: Buffer | string = '', encoding: BufferEncoding = 'latin1'): void {
    if (this.#ended) return
    this.#ended = true
    if (this.headersSent) {
      this.#writeEnd(chunk, encoding)
      return this.#finishWhenTaken()
    }
    const length = typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length
    const trailing = this.#trailers.length > 0 && this.#framing === 'chunked'
    if (length > ONE_PIECE_MAX_BYTES || trailing) {
      // One piece at a time, as a body that comes bit by bit.
      if (!trailing && this.#framing === 'chunked') this.#announce(length)
      const { socket } = this.#wire
      socket.cork()
      socket.write(this.#takeHead(''), 'latin1')
      this.#writeEnd(chunk, encoding)
      socket.uncork()
      return this.#finishWhenTaken()
    }
    if (this.#framing === 'chunked' || this.#framing === 'close') this.#announce(length)
    const body = this.#framing === 'none' ? '' : latin1Of(chunk, encoding)
    this.#whole = this.#takeHead(body)
    this.#wire.batch.add(this)
  }

  flush(): void {
    const { socket } = this.#wire
    const whole = this.#whole
    this.#whole = ''
    if (socket.destroyed) return
    socket.write(whole, 'latin1')
    this.#finishWhenTaken()
  }

  addTrailers(trailers: [string, string][]): void {
    this.#trailers = [...this.#trailers, ...trailers.flat()]
  }

  once(event: 'drain' | 'close' | 'finish', listener: () => void): void {
    if (event === 'drain') this.#wire.socket.once('drain', listener)
    else if (event === 'close') this.#onClose = both(this.#onClose, listener)
    else this.#onFinish = both(this.#onFinish, listener)
  }

  setTimeout(ms: number, stalled: () => void): void {
    const { socket } = this.#wire
    if (this.#onStall !== null) socket.off('timeout', this.#onStall)
    this.#onStall = stalled
    socket.setTimeout(ms).on('timeout', stalled)
  }

  destroy(): void {
    this.#wire.socket.destroy()
  }

  /** The connection has ended; whoever waits for the end of the answer is told. */
  connectionClosed(): void {
    const closed = this.#onClose
    this.#onClose = null
    closed?.()
  }

  /** Sends the head of a 101; what follows on the connection is not this answer's. */
  switchProtocol(status: number, reason: string, fields: readonly string[]): void {
    const head = withFields(`HTTP/1.1 ${status} ${reason}\r\n`, fields)
    this.headersSent = true
    this.writableFinished = true
    this.#ended = true
    this.#onClose = null
    this.#wire.socket.write(`${head}\r\n`, 'latin1')
  }

  #announce(length: number): void {
    this.#head += `Content-Length: ${length}\r\n`
    this.#framing = 'length'
  }

  #takeHead(body: string): string {
    this.#wire.answering(this)
    this.headersSent = true
    if (this.#framing === 'close') this.shouldKeepAlive = false
    const date = this.sendDate ? `Date: ${new Date(this.#wire.now()).toUTCString()}\r\n` : ''
    const framing = this.#framing === 'chunked' ? 'Transfer-Encoding: chunked\r\n' : ''
    const connection = this.shouldKeepAlive ? KEEPS : ENDS
    const head = `${this.#head}${date}${connection}${framing}\r\n${body}`
    this.#head = ''
    return head
  }

  #writeEnd(chunk: Buffer | string, encoding: BufferEncoding): void {
    const { socket } = this.#wire
    if (socket.destroyed) return
    writePiece(socket, this.#framing, chunk, encoding)
    if (this.#framing === 'chunked') socket.write(lastChunk(this.#trailers), 'latin1')
  }

  /** What a slow client has not taken yet still belongs to this answer, and the next one waits for it. */
  #finishWhenTaken(): void {
    const { socket } = this.#wire
    if (socket.destroyed) return
    if (socket.writableLength === 0) return this.#finish()
    if (this.#onStall === null) this.setTimeout(CLIENT_STALL_MS, () => socket.destroy())
    socket.write('', () => this.#finish())
  }

  #finish(): void {
    const { socket } = this.#wire
    if (socket.destroyed || this.writableFinished) return
    this.writableFinished = true
    this.#onClose = null
    if (this.#onStall !== null) socket.setTimeout(0).off('timeout', this.#onStall)
    this.#wire.answered(this)
    this.#onFinish?.()
  }
}

const REASON = /^[\t\x20-\x7e\x80-\xff]*$/

function latin1Of(chunk: Buffer | string, encoding: BufferEncoding): string {
  if (typeof chunk !== 'string') return chunk.toString('latin1')
  return encoding === 'latin1' ? chunk : Buffer.from(chunk, encoding).toString('latin1')
}

function both(first: (() => void) | null, second: () => void): () => void {
  if (first === null) return second
  return () => {
    first()
    second()
  }
}
