import type { Socket } from 'node:net'
import type { Entrance } from './entrance.ts'
import { Http1Request } from './http1-request.ts'
import { Http1Response, type Wire } from './http1-response.ts'
import type { Llhttp } from './llhttp.ts'
import { type GivesUp, type ParsedHead, RequestParser } from './parse-requests.ts'
import { rawRefusal, type Refusal, rescueBytes } from './rescue.ts'
import type { WriteBatch } from './write-batch.ts'

/** What all connections share. */
export interface ConnectionOwner {
  readonly llhttp: Llhttp
  readonly batch: WriteBatch
  readonly givesUp: GivesUp
  /** Rises once a second; what a connection waits for is counted in it. */
  readonly tick: number
  /** Whether connections end with their next answers. */
  readonly leaving: boolean
  now(): number
  handle(entrance: Entrance, request: Http1Request, response: Http1Response): void
  /** Gives the connection up: a CONNECT, or the handshake of a WebSocket. `head` are the bytes behind it. */
  give(connection: Http1Connection, request: Http1Request, head: Buffer): void
  closed(connection: Http1Connection): void
}

/** What a connection waits for. `head`: one that has begun, or the first; `rest`: of a body that nobody wants. */
type Waits = 'head' | 'next' | 'answer' | 'rest'

const NOTHING = Buffer.alloc(0)

/** One connection of a client, and the request that is on it. The next one is not read before the answer is taken. */
export class Http1Connection implements Wire {
  readonly socket: Socket
  readonly entrance: Entrance
  /** Whether it was without a request when it was last looked at. */
  rested = false
  readonly #owner: ConnectionOwner
  readonly #parser: RequestParser
  #waits: Waits = 'head'
  #sinceTick: number
  #request: Http1Request | null = null
  #response: Http1Response | null = null
  /** What came behind the request that is being answered. */
  #ahead: Buffer | null = null
  #reading = false
  #closed = false

  constructor(owner: ConnectionOwner, socket: Socket, entrance: Entrance) {
    this.#owner = owner
    this.socket = socket
    this.entrance = entrance
    this.#sinceTick = owner.tick
    this.#parser = new RequestParser(owner.llhttp, owner.givesUp)
    socket.on('data', this.#data).on('end', this.#ended).on('error', this.#failed)
    socket.on('close', this.#gone)
  }

  get batch(): WriteBatch {
    return this.#owner.batch
  }

  /** For how many ticks it has waited for a head, or for nothing; null: it has a request. */
  waited(): { readonly head: number } | { readonly idle: number } | null {
    const ticks = this.#owner.tick - this.#sinceTick
    if (this.#waits === 'answer') return null
    return this.#waits === 'head' ? { head: ticks } : { idle: ticks }
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
    if (request?.complete === false && !response.hasContinued && expectsContinue(request)) {
      response.shouldKeepAlive = false
    }
  }

  answered(response: Http1Response): void {
    if (this.#closed || response !== this.#response) return
    if (!response.shouldKeepAlive) return this.socket.destroySoon()
    const { complete } = this.#request ?? { complete: true }
    this.#wait(complete ? 'next' : 'rest')
    this.#response = null
    if (!complete) return this.#request?.dump()
    this.#next()
  }

  /** Leaves the socket to somebody else, as it is. */
  release(): void {
    this.#leave()
    const { socket } = this
    socket.off('data', this.#data).off('end', this.#ended).off('error', this.#failed)
    socket.off('close', this.#gone)
  }

  readonly #data = (chunk: Buffer): void => {
    this.rested = false
    const busy = this.#request?.complete === true
    if (!busy && !this.#reading) return this.#read(chunk)
    this.#ahead = this.#ahead === null ? chunk : Buffer.concat([this.#ahead, chunk])
    this.socket.pause()
  }

  #read(bytes: Buffer): void {
    this.#reading = true
    let rest: Buffer | null = bytes
    while (rest !== null && !this.#closed) {
      if (this.#waits === 'next') this.#wait('head')
      rest = this.#take(rest)
      if (rest === null || this.#request === null) continue
      this.#ahead = rest
      this.socket.pause()
      break
    }
    this.#reading = false
  }

  /** @returns what is left behind the end of a message */
  #take(bytes: Buffer): Buffer | null {
    const parser = this.#parser
    const inBody = parser.inBody
    const rest = parser.execute(bytes)
    if (parser.fault !== null) {
      this.#refuse(rescueBytes(parser.fault, inBody || parser.head !== null))
      return null
    }
    const { head, body, ended, trailers } = parser
    parser.head = null
    if (body.length > 0) parser.body = []
    if (ended) parser.reset()
    if (head !== null) {
      this.#begin(head, body, ended, trailers, rest)
      return head.upgrade ? null : rest
    }
    if (body.length > 0 || ended) this.#request?.arrived(body, ended, trailers)
    if (ended && this.#waits === 'rest') this.#reset()
    return rest
  }

  #begin(
    head: ParsedHead,
    body: readonly Buffer[],
    ended: boolean,
    trailers: readonly string[],
    rest: Buffer | null,
  ): void {
    const request = new Http1Request(this.socket, head)
    if (head.upgrade) return this.#owner.give(this, request, rest ?? NOTHING)
    if (body.length > 0 || ended) request.arrived(body, ended, trailers)
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
    // Whoever is reading goes on by itself.
    if (ahead === null || this.#reading) return
    this.#ahead = null
    this.socket.resume()
    this.#read(ahead)
  }

  #wait(waits: Waits): void {
    this.#waits = waits
    this.#sinceTick = this.#owner.tick
    this.rested = false
  }

  /**
   * What came is no HTTP. In the body of a request that has no answer yet the refusal is its answer; where an answer
   * has begun, it is cut.
   */
  #refuse(refused: Refusal): void {
    const { socket } = this
    const begun = this.#response?.headersSent === true
    this.#leave()
    socket.off('data', this.#data)
    socket.resume()
    if (begun || !socket.writable) socket.destroy()
    else socket.end(rawRefusal(refused), 'latin1', () => socket.destroy())
  }

  readonly #ended = (): void => {
    // Whoever closes one direction does not wait for an answer.
    this.socket.destroy()
  }

  readonly #failed = (): void => {
    this.socket.destroy()
  }

  readonly #gone = (): void => {
    this.#leave()
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
    this.#owner.closed(this)
    // Not within a parse, which uses it.
    process.nextTick(() => this.#parser.free())
    request?.connectionClosed()
    response?.connectionClosed()
  }
}

function expectsContinue({ rawHeaders }: Http1Request): boolean {
  return rawHeaders.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'expect')
}
