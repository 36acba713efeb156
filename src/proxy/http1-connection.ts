import type { Socket } from 'node:net'
import { BODY_MIN_BYTES_PER_SECOND, CLIENT_LINGER_MS } from '../kernel/limits.ts'
import type { ClientReads } from './client-reads.ts'
import type { Entrance } from './entrance.ts'
import { Http1Request } from './http1-request.ts'
import { Http1Response, type Wire } from './http1-response.ts'
import type { Http1Owner, Waits } from './http1-owner.ts'
import { inOwnMemory } from './own-memory.ts'
import { type ParsedHead, RequestParser } from './parse-requests.ts'
import { rawRefusal, type Refusal, rescueBytes } from './rescue.ts'
import type { WriteBatch } from './write-batch.ts'

/** A client that is paused is not seen to leave. */
const AHEAD_MAX_BYTES = 64 * 1024
const DROPPED_MIN_BYTES = (BODY_MIN_BYTES_PER_SECOND * CLIENT_LINGER_MS) / 1_000

/** One connection of a client, and the request that is on it. The next one is not read before the answer is taken. */
export class Http1Connection implements Wire {
  readonly socket: Socket
  readonly entrance: Entrance
  readonly batch: WriteBatch
  /** Whether it was without a request when it was last looked at. */
  rested = false
  waits: Waits = 'head'
  readonly #owner: Http1Owner
  readonly #reads: ClientReads
  readonly #parser: RequestParser
  #sinceTick: number
  #droppedBytes = 0
  #request: Http1Request | null = null
  #response: Http1Response | null = null
  /** What came behind the request that is being answered. */
  #ahead: Buffer | null = null
  #reading = false
  /** Whether its client has said that it sends no more. */
  #noMore = false
  #closed = false

  constructor(owner: Http1Owner, reads: ClientReads, entrance: Entrance) {
    this.#owner = owner
    this.#reads = reads
    this.socket = reads.socket
    this.entrance = entrance
    this.batch = owner.batch
    this.#sinceTick = owner.tick
    this.#parser = new RequestParser(owner.llhttp, owner.givesUp)
    this.socket.on('end', this.#ended).on('error', this.#broken).on('close', this.#gone)
    reads.begin(this.#arrived)
  }

  /** For how many ticks it has waited. */
  get waited(): number {
    return this.#owner.tick - this.#sinceTick
  }

  now(): number {
    return this.#owner.now()
  }

  /** The head of a request did not come in time. */
  expire(): void {
    this.#refuse(rescueBytes('too-slow', false))
  }

  answering(response: Http1Response): void {
    // Not before: whoever is told to leave while others are let in comes back on a connection that may be reset.
    if (this.#owner.leaving) response.shouldKeepAlive = false
    const request = this.#request
    // A body that its client holds back may come all the same, or never.
    if (request?.complete === false && !response.hasContinued && request.expectsContinue) {
      response.shouldKeepAlive = false
    }
  }

  answered(response: Http1Response): void {
    const request = this.#request
    if (this.#closed || request === null || response !== this.#response) return
    this.#response = null
    const keeps = response.shouldKeepAlive && !this.#noMore
    if (request.complete) return keeps ? this.#next() : this.#end()
    // What its client still sends would reset the connection, and the answer with it: RFC 9112, section 9.6.
    this.#wait(keeps ? 'rest' : 'end')
    if (!keeps) this.socket.end()
    request.dump()
  }

  /** Leaves the socket to somebody else, as it is. */
  release(): void {
    this.#gone()
    this.#reads.end()
    this.socket.off('end', this.#ended).off('error', this.#broken).off('close', this.#gone)
  }

  readonly #arrived = (buffer: Buffer, length: number): void => {
    this.rested = false
    const isFree = this.#request?.complete !== true && !this.#reading
    if (isFree) this.#read(buffer, length, false)
    else this.#keep(buffer.subarray(0, length), false)
  }

  #read(buffer: Buffer, length: number, isOwn: boolean): void {
    this.#reading = true
    let rest = this.#take(buffer, length)
    while (rest !== null && !this.#closed && this.#request === null) {
      rest = this.#take(rest, rest.length)
    }
    if (rest !== null && this.#request !== null) this.#keep(rest, isOwn)
    this.#reading = false
  }

  /** What comes behind a request waits for the end of that. Reading on, up to a limit, sees whether the client has left. */
  #keep(bytes: Buffer, isOwn: boolean): void {
    this.#ahead = isOwn ? bytes : inOwnMemory([this.#ahead, bytes])
    if (this.#ahead.length >= AHEAD_MAX_BYTES) this.socket.pause()
  }

  /** @returns what is left behind the end of a message */
  #take(buffer: Buffer, length: number): Buffer | null {
    const parser = this.#parser
    const inBody = parser.inBody
    const rest = parser.execute(buffer, length)
    if (parser.fault !== null) {
      this.#refuse(rescueBytes(parser.fault, inBody || parser.head !== null))
      return null
    }
    const { head, ended, trailers } = parser
    const body = parser.takeBody()
    parser.head = null
    if (ended) parser.reset()
    if (head !== null) {
      this.#begin(head, body, ended, trailers, rest)
      return head.upgrade ? null : rest
    }
    if (body !== null || ended) this.#request?.arrived(body, ended, trailers)
    if (this.waits === 'next' && parser.inHead) this.#wait('head')
    const unwanted = this.waits === 'rest' || this.waits === 'end'
    return unwanted ? this.#dropped(length, ended, rest) : rest
  }

  /** More of a body that nobody wants: it buys time, a trickle does not. @returns what is to be read behind it */
  #dropped(bytes: number, ended: boolean, rest: Buffer | null): Buffer | null {
    this.#droppedBytes += bytes
    if (!ended && this.#droppedBytes >= DROPPED_MIN_BYTES) this.#wait(this.waits)
    if (!ended) return null
    if (this.waits === 'rest') this.#reset()
    else this.#end()
    return this.waits === 'end' ? null : rest
  }

  #begin(
    head: ParsedHead,
    body: Buffer | null,
    ended: boolean,
    trailers: readonly string[],
    rest: Buffer | null,
  ): void {
    const request = new Http1Request(this.socket, head)
    if (head.upgrade) return this.#owner.give(this, request, inOwnMemory([rest]))
    if (body !== null || ended) request.arrived(body, ended, trailers)
    this.#request = request
    this.#response = new Http1Response(this, request, head.keepAlive)
    this.#wait('answer')
    this.#owner.handle(this.entrance, request, this.#response)
  }

  /** The answer was taken, and the request is whole. */
  #reset(): void {
    this.#request = null
    this.#wait('next')
  }

  #next(): void {
    this.#reset()
    const ahead = this.#ahead
    // It is held by what came behind the request, or by a body that nobody took.
    if (this.socket.isPaused()) this.socket.resume()
    // Whoever is reading goes on by itself.
    if (ahead === null || this.#reading) return
    this.#ahead = null
    this.#read(ahead, ahead.length, true)
  }

  /** Nothing more is to be read, nor written. */
  #end(): void {
    this.#wait('end')
    this.socket.destroySoon()
  }

  #wait(waits: Waits): void {
    this.waits = waits
    this.#droppedBytes = 0
    this.#sinceTick = this.#owner.tick
    this.rested = false
  }

  /**
   * What came is no HTTP. In the body of a request that has no answer yet the refusal is its answer; where an answer
   * has begun, it is cut.
   */
  #refuse(refused: Refusal): void {
    const { socket } = this
    const method = this.#request?.method ?? this.#parser.method
    const { headersSent } = this.#response ?? { headersSent: this.#request !== null }
    this.#leave()
    if (headersSent || !socket.writable) return void socket.destroy()
    // As behind every last answer, what still comes is dropped.
    this.#reads.end()
    socket.resume().end(rawRefusal(refused, method), 'latin1')
    this.#wait('end')
  }

  /**
   * Its client sends no more. It is taken to have left, as by `node:http` and nginx: an answer that is under way is given
   * up, so that nobody works for it. What is whole goes out, and what will never be whole is refused.
   */
  readonly #ended = (): void => {
    // What was written last goes out by itself.
    if (this.waits === 'end') return
    if (this.waits === 'answer' && this.#response?.isWhole === true) {
      this.#noMore = true
      return
    }
    const { inHead, inBody } = this.#parser
    const cut = inHead || (inBody && this.waits === 'answer')
    if (cut) this.#refuse(rescueBytes('invalid', inBody))
    else this.socket.destroy()
  }

  readonly #broken = (): void => void this.socket.destroy()

  readonly #gone = (): void => {
    this.#leave()
    this.#owner.closed(this)
  }

  /** Nothing more is read here, and whoever works for this connection is told. */
  #leave(): void {
    if (this.#closed) return
    this.#closed = true
    const request = this.#request
    const response = this.#response
    this.#request = null
    this.#response = null
    this.#ahead = null
    // Not within a parse, which uses it.
    process.nextTick(() => this.#parser.free())
    request?.connectionClosed()
    response?.connectionClosed()
  }
}
