import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { ClientRequest } from './client-message.ts'
import type { ParsedHead } from './parse-requests.ts'

/** How much of a body may wait here before its client is told to pause, in bytes. A client is not seen to leave then. */
const WAITING_MAX_BYTES = 128 * 1024

/** A request on a connection that carries one at a time. Its body waits until somebody listens. */
export class Http1Request implements ClientRequest {
  readonly method: string
  readonly url: string
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
  readonly upgrade: boolean
  readonly socket: Socket
  rawTrailers: readonly string[] = []
  complete = false
  readableEnded = false
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #flowing = false
  /** Whether somebody has said that nothing more is wanted for now. */
  #paused = false
  #holdsSocket = false
  #closed = false
  /** Null: nobody has listened to anything. */
  #emitter: EventEmitter | null = null

  constructor(socket: Socket, head: ParsedHead) {
    this.socket = socket
    this.method = head.method
    this.url = head.target
    this.httpVersion = head.version
    this.rawHeaders = head.fields
    this.upgrade = head.upgrade
  }

  /** Whether its client may hold its body back. */
  get expectsContinue(): boolean {
    return this.rawHeaders.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'expect')
  }

  /** More of the body; `ended` with its last piece. */
  arrived(piece: Buffer | null, ended: boolean, trailers: readonly string[]): void {
    if (piece !== null) {
      this.#waiting.push(piece)
      this.#waitingBytes += piece.length
    }
    if (ended) {
      this.rawTrailers = trailers
      this.complete = true
    }
    if (this.#flowing) this.deliver()
    else if (this.#waitingBytes > WAITING_MAX_BYTES) this.#holdSocket()
  }

  takeWhole(maxBytes: number): readonly Buffer[] | null {
    if (!this.complete || this.#emitter !== null || this.#waitingBytes > maxBytes) return null
    const pieces = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    this.readableEnded = true
    return pieces
  }

  /** Nobody wants the rest: it is dropped as it comes. */
  dump(): void {
    this.#emitter?.removeAllListeners()
    this.#paused = false
    this.#flow()
  }

  /** The connection has ended, with this request on it. */
  connectionClosed(): void {
    this.#closed = true
    this.#emitter?.emit('close')
  }

  isPaused(): boolean {
    return this.#paused
  }

  pause(): void {
    this.#paused = true
    this.#flowing = false
  }

  resume(): void {
    this.#paused = false
    this.#flow()
  }

  on(event: 'data', listener: (chunk: Buffer) => void): this
  on(event: 'end' | 'close', listener: () => void): this
  on(event: 'error', listener: (error: Error) => void): this
  on(event: string, listener: (...args: never[]) => void): this {
    this.#emitter ??= new EventEmitter()
    this.#emitter.on(event, listener as () => void)
    if (event === 'data' && !this.#paused) this.#flow()
    return this
  }

  off(event: 'data', listener: (chunk: Buffer) => void): this
  off(event: 'end' | 'close', listener: () => void): this
  off(event: 'error', listener: (error: Error) => void): this
  off(event: string, listener: (...args: never[]) => void): this {
    this.#emitter?.off(event, listener as () => void)
    return this
  }

  #flow(): void {
    if (this.#flowing) return
    this.#flowing = true
    // Whoever listens to `data` first has still to listen to `end`.
    if (this.#waiting.length > 0 || this.complete) process.nextTick(deliver, this)
    else this.#releaseSocket()
  }

  /** Tells what has come to whoever listens. */
  deliver(): void {
    while (this.#flowing && !this.#closed) {
      const piece = this.#waiting.shift()
      if (piece === undefined) break
      this.#waitingBytes -= piece.length
      this.#emitter?.emit('data', piece)
    }
    if (!this.#flowing || this.#closed) return
    this.#releaseSocket()
    if (!this.complete || this.readableEnded) return
    this.readableEnded = true
    this.#emitter?.emit('end')
  }

  #holdSocket(): void {
    this.#holdsSocket = true
    this.socket.pause()
  }

  #releaseSocket(): void {
    if (!this.#holdsSocket) return
    this.#holdsSocket = false
    this.socket.resume()
  }
}

function deliver(request: Http1Request): void {
  request.deliver()
}
