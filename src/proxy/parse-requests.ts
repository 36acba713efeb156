import { CHUNK_FRAMING_MAX_BYTES, REQUEST_HEADER_MAX_BYTES } from '../kernel/limits.ts'
import { CHUNK_MAX_BYTES, ChunkText, FieldList } from './chunk-text.ts'
import {
  GO_ON,
  type Llhttp,
  OTHER_PROTOCOL,
  PAUSE,
  type ParserEvents,
  REQUESTS,
  STOP,
} from './llhttp.ts'
import { inOwnMemory } from './own-memory.ts'

/** The head of a request as it came. */
export interface ParsedHead {
  readonly method: string
  readonly target: string
  /** Such as `1.1`. */
  readonly version: string
  /** Names and values in turn, as latin1. */
  readonly fields: readonly string[]
  /** Whether its client wants to send another one behind it. */
  readonly keepAlive: boolean
  /** Whether what follows is another protocol: a CONNECT, or what `givesUp` has agreed to. */
  readonly upgrade: boolean
}

/** Why bytes are no request. `head-too-large` within the head; the other two, and `invalid`, anywhere. */
export type ParseFault =
  'head-too-large' | 'trailers-too-large' | 'extensions-too-large' | 'invalid'

/** Whether a connection is given up to the other protocol that a request asks for. */
export type GivesUp = (head: Omit<ParsedHead, 'keepAlive' | 'upgrade'>) => boolean

/**
 * The requests of one connection, one after the other: the parse stops behind each of them. What a chunk has brought
 * stands here until it is taken.
 */
export class RequestParser implements ParserEvents {
  /** The head, when it has come with the last chunk. */
  head: ParsedHead | null = null
  /** Whether the message is whole. */
  ended = false
  trailers: readonly string[] = []
  fault: ParseFault | null = null
  /** Whether a head has begun, and is not whole. */
  inHead = false
  /** Whether a head is whole and its message is not: what comes is its body. */
  inBody = false
  readonly #llhttp: Llhttp
  readonly #givesUp: GivesUp
  readonly #parser: number
  readonly #chunk = new ChunkText()
  readonly #fields = new FieldList()
  #target = ''
  /** Pieces of the body that have come with the last chunk. */
  #body: Buffer[] = []
  /** Up to where the chunk is counted elsewhere, and what was framing behind that in the chunks before. */
  #counted = 0
  #framingBytes = 0

  constructor(llhttp: Llhttp, givesUp: GivesUp) {
    this.#llhttp = llhttp
    this.#givesUp = givesUp
    this.#parser = llhttp.create(REQUESTS)
  }

  /** Of the head that has come with the last chunk, or that comes; null when there is none, or nothing is known of it. */
  get method(): string | null {
    if (this.head !== null) return this.head.method
    return this.inHead && this.#target !== '' ? this.#llhttp.methodOf(this.#parser) : null
  }

  /**
   * Parses the first `bytes` of a chunk until a message ends, or to their end. Nothing of the chunk is kept.
   * @returns what was not read: null when there is nothing left; a fault may be found instead
   */
  execute(chunk: Buffer, bytes: number): Buffer | null {
    let rest = chunk
    let left = bytes
    while (left > 0) {
      const length = Math.min(left, CHUNK_MAX_BYTES)
      this.#chunk.set(rest, length)
      this.#counted = 0
      const parsed = this.#llhttp.execute(this.#parser, this, rest, length)
      if (parsed === 'invalid') {
        this.fault ??= 'invalid'
        return null
      }
      if (parsed === 'all' && this.#countFraming(length) === STOP) return null
      const at = parsed === 'all' ? length : this.#llhttp.stoppedAt(this.#parser)
      left -= at
      if (left > 0) rest = rest.subarray(at, at + left)
      if (parsed === 'all') continue
      if (parsed === 'paused') this.#llhttp.resume(this.#parser)
      else this.#llhttp.resumeHttp(this.#parser)
      // An offer of another protocol that was not taken ends in the middle of nothing.
      if (this.ended) break
    }
    return left === 0 ? null : rest
  }

  /**
   * Copies what the last chunk has brought of the body, in one piece: the chunk's memory is another's soon. Null: nothing. A
   * body that is whole with it is sent on at once, mostly; what else there is may wait for the rest for long.
   */
  takeBody(): Buffer | null {
    const pieces = this.#body
    if (pieces.length === 0) return null
    this.#body = []
    return this.ended ? Buffer.concat(pieces) : inOwnMemory(pieces)
  }

  /** The next message begins. */
  reset(): void {
    this.head = null
    this.ended = false
    this.trailers = NO_TRAILERS
  }

  /** Once, as the last call. */
  free(): void {
    this.#llhttp.free(this.#parser)
  }

  onBegin(): number {
    this.inHead = true
    this.#fields.bytes = 0
    this.#target = ''
    return GO_ON
  }

  onTarget(at: number, length: number): number {
    const text = this.#chunk.textAt(at, length)
    this.#target = this.#target === '' ? text : this.#target + text
    this.#fields.bytes += length
    return this.#limit()
  }

  onReason(): number {
    return STOP
  }

  onName(at: number, length: number): number {
    this.#fields.name(this.#chunk.textAt(at, length))
    return this.#limit()
  }

  onValue(at: number, length: number): number {
    this.#fields.value(this.#chunk.textAt(at, length))
    this.#framingBytes = 0
    this.#counted = at + length
    return this.#limit()
  }

  onHeadEnd(_status: number, asksUpgrade: boolean, keepAlive: boolean): number {
    const head = {
      method: this.#llhttp.methodOf(this.#parser),
      target: this.#target,
      version: this.#llhttp.versionOf(this.#parser),
      fields: this.#fields.take(),
    }
    const upgrade = asksUpgrade && (head.method === 'CONNECT' || this.#givesUp(head))
    this.head = { ...head, keepAlive, upgrade }
    this.#fields.bytes = 0
    this.inHead = false
    this.inBody = true
    return upgrade ? OTHER_PROTOCOL : GO_ON
  }

  onBody(at: number, length: number): number {
    if (this.#countFraming(at) === STOP) return STOP
    this.#body.push(this.#chunk.bytesAt(at, length))
    this.#framingBytes = 0
    this.#counted = at + length
    return GO_ON
  }

  onEnd(): number {
    this.trailers = this.#fields.take()
    this.ended = true
    this.inBody = false
    return PAUSE
  }

  #limit(): number {
    if (this.#fields.bytes <= REQUEST_HEADER_MAX_BYTES) return GO_ON
    this.fault = this.inBody ? 'trailers-too-large' : 'head-too-large'
    return STOP
  }

  /** llhttp tells nothing of the extensions of chunks, of which there may be no end. */
  #countFraming(at: number): number {
    if (!this.inBody) return GO_ON
    this.#framingBytes += at - this.#counted
    if (this.#framingBytes <= CHUNK_FRAMING_MAX_BYTES) return GO_ON
    this.fault = 'extensions-too-large'
    return STOP
  }
}

const NO_TRAILERS: readonly string[] = []
