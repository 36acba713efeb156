import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { OutboundRequest } from './attempt.ts'
import { lastChunk, withFields } from './field-lines.ts'
import type { Silence } from './silence.ts'

/** A body that is larger goes in a write of its own: copying it behind the head would cost more than the call. */
const INLINE_MAX_BYTES = 16 * 1024

/** Methods whose requests say that they have no body. RFC 9110, section 8.6. */
export const EXPECTS_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/**
 * The request as one text, when its body is held and small; else null: then `writeRequest` writes it. The parts are what
 * llhttp has accepted from the client or what was rendered for this place, so none of them can end its line.
 * @param hostField the line that names the upstream, with its end
 */
export function wholeRequest(request: OutboundRequest, hostField: string): string | null {
  const { method, body, expectContinue } = request
  if (expectContinue) return null
  if (body === null) {
    return `${headLines(request, hostField)}${EXPECTS_BODY.has(method) ? 'content-length: 0\r\n\r\n' : '\r\n'}`
  }
  if (!Buffer.isBuffer(body) || request.trailers !== null || body.length > INLINE_MAX_BYTES) {
    return null
  }
  const head = headLines(request, hostField)
  return `${head}content-length: ${body.length}\r\n\r\n${body.toString('latin1')}`
}

/** Writes the head, and the body where it is held; a streaming one is what is left to do. */
export function writeRequest(socket: Socket, request: OutboundRequest, hostField: string): void {
  const { body, expectContinue } = request
  const head = `${headLines(request, hostField)}${expectContinue ? 'expect: 100-continue\r\n' : ''}`
  socket.cork()
  if (body === null) {
    socket.write(`${head}\r\n`, 'latin1')
  } else if (Buffer.isBuffer(body) && request.trailers !== null) {
    const size = body.length === 0 ? '' : `${body.length.toString(16)}\r\n`
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n${size}`, 'latin1')
    if (size !== '') socket.write(body)
    socket.write(`${size === '' ? '' : '\r\n'}${lastChunk(request.trailers())}`, 'latin1')
  } else if (Buffer.isBuffer(body)) {
    socket.write(`${head}content-length: ${body.length}\r\n\r\n`, 'latin1')
    socket.write(body)
  } else {
    const framing =
      request.bodyLength === null
        ? 'transfer-encoding: chunked'
        : `content-length: ${request.bodyLength}`
    socket.write(`${head}${framing}\r\n\r\n`, 'latin1')
  }
  socket.uncork()
}

function headLines({ method, target, fields }: OutboundRequest, hostField: string): string {
  return withFields(`${method} ${target} HTTP/1.1\r\n${hostField}`, fields)
}

/** A streaming body on its way upstream, held back by a socket that does not keep up. */
export class BodyWriter {
  readonly #socket: Socket
  readonly #stream: Readable
  readonly #length: number | null
  readonly #trailers: OutboundRequest['trailers']
  readonly #silence: Silence
  readonly #done: (whole: boolean) => void
  #sent = 0

  /**
   * @param silence of the upstream, which it breaks by taking what had to wait
   * @param done called once, unless it is stopped before: whether all of the body was written
   */
  constructor(
    socket: Socket,
    stream: Readable,
    { bodyLength, trailers }: OutboundRequest,
    silence: Silence,
    done: (whole: boolean) => void,
  ) {
    this.#socket = socket
    this.#stream = stream
    this.#length = bodyLength
    this.#trailers = trailers
    this.#silence = silence
    this.#done = done
    socket.on('drain', this.#drain)
    stream.on('data', this.#data).on('end', this.#end).on('close', this.#close)
    if (stream.destroyed) this.#close()
  }

  /** Whether it is the client that the upstream waits for. */
  get waitsForClient(): boolean {
    return !this.#socket.writableNeedDrain
  }

  stop(): void {
    this.#socket.off('drain', this.#drain)
    this.#stream.off('data', this.#data).off('end', this.#end).off('close', this.#close)
    this.#stream.pause()
  }

  readonly #data = (chunk: Buffer): void => {
    const socket = this.#socket
    this.#sent += chunk.length
    if (this.#length === null) {
      socket.cork()
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
      socket.write(chunk)
      socket.write('\r\n', 'latin1')
      socket.uncork()
    } else if (this.#sent > this.#length) {
      this.#finish(false)
      return
    } else {
      socket.write(chunk)
    }
    if (socket.writableNeedDrain) this.#stream.pause()
  }

  readonly #drain = (): void => {
    this.#silence.broken()
    this.#stream.resume()
  }

  readonly #end = (): void => {
    if (this.#length === null) {
      this.#socket.write(lastChunk(this.#trailers?.() ?? []), 'latin1')
    }
    this.#finish(this.#length === null || this.#sent === this.#length)
  }

  /** Before its end: the client is gone. */
  readonly #close = (): void => this.#finish(false)

  #finish(whole: boolean): void {
    this.stop()
    this.#silence.broken()
    this.#done(whole)
  }
}
