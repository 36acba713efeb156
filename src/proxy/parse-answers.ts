import type { BodyBuffer } from './body-buffer.ts'
import { ChunkText, FieldList } from './chunk-text.ts'
import {
  ANSWERS,
  GO_ON,
  type Llhttp,
  OTHER_PROTOCOL,
  type ParserEvents,
  SKIP_BODY,
  STOP,
} from './llhttp.ts'

/** What an answer says, in the order in which it says it. A false or `refuse` ends the connection. */
export interface AnswerEvents {
  /** The first byte of a message. False: none is awaited. */
  onBegin(): boolean
  /**
   * `fields`: names and values in turn, as latin1. Interim answers are not told, but for a 101, behind which no HTTP
   * follows: whoever has not asked for another protocol refuses it.
   */
  onHead(status: number, reason: string, fields: readonly string[]): 'body' | 'no-body' | 'refuse'
  /** The upstream wants the body that was held back for it. */
  onContinue(): void
  /** `kept`: the bytes are the receiver's own from here on; `passed`: nobody reads them after the call. */
  onBody(bytes: Buffer): 'kept' | 'passed' | 'refuse'
  /** `trailers`: as `fields`, behind the body. */
  onEnd(keepAlive: boolean, trailers: readonly string[]): void
}

/** The answers of one connection. What llhttp finds is put together here, across the borders of chunks. */
export class AnswerParser implements ParserEvents {
  readonly #llhttp: Llhttp
  readonly #events: AnswerEvents
  readonly #headMaxBytes: number
  readonly #parser: number
  readonly #bodies: BodyBuffer
  readonly #chunk = new ChunkText()
  readonly #fields = new FieldList()
  #reason = ''
  #interim = false
  #switched = false

  constructor(llhttp: Llhttp, events: AnswerEvents, headMaxBytes: number) {
    this.#llhttp = llhttp
    this.#events = events
    this.#headMaxBytes = headMaxBytes
    this.#parser = llhttp.create(ANSWERS)
    this.#bodies = llhttp.bodies
  }

  /** Takes the first `length` bytes. False: the connection can't be used any more. */
  execute(chunk: Buffer, length: number): boolean {
    this.#chunk.set(chunk, length)
    const parsed = this.#llhttp.execute(this.#parser, this, chunk, length)
    return parsed === 'all' || parsed === 'other-protocol'
  }

  /** The upstream has ended the connection. False: within an answer whose end it should have told. */
  finish(): boolean {
    return this.#llhttp.finish(this.#parser, this)
  }

  /** Where another protocol begins in the chunk that was executed last; null: HTTP goes on. */
  get otherProtocolAt(): number | null {
    return this.#switched ? this.#llhttp.stoppedAt(this.#parser) : null
  }

  /** Once, as the last call. */
  free(): void {
    this.#llhttp.free(this.#parser)
  }

  onBegin(): number {
    return this.#events.onBegin() ? GO_ON : STOP
  }

  onTarget(): number {
    return STOP
  }

  onReason(at: number, length: number): number {
    const text = this.#chunk.textAt(at, length)
    this.#reason += text
    this.#fields.bytes += text.length
    return this.#limit()
  }

  onName(at: number, length: number): number {
    this.#fields.name(this.#chunk.textAt(at, length))
    return this.#limit()
  }

  onValue(at: number, length: number): number {
    this.#fields.value(this.#chunk.textAt(at, length))
    return this.#limit()
  }

  onHeadEnd(status: number, upgrade: boolean): number {
    // Another protocol needs both: the status, and fields that name it.
    const switches = status === SWITCHING_PROTOCOLS
    if (upgrade !== switches) return STOP
    this.#interim = status < 200 && !switches
    const reason = this.#reason
    const fields = this.#fields.take()
    this.#reason = ''
    // Interim answers are of this hop. Their bytes count on, so that there is no end of them.
    if (status === CONTINUE) this.#events.onContinue()
    if (this.#interim) return SKIP_BODY
    const decision = this.#events.onHead(status, reason, fields)
    if (decision === 'refuse') return STOP
    this.#switched = switches
    if (switches) return OTHER_PROTOCOL
    return decision === 'body' ? GO_ON : SKIP_BODY
  }

  onBody(at: number, length: number): number {
    const bytes = this.#bodies.lend(length)
    this.#chunk.copyTo(bytes, at, length)
    const outcome = this.#events.onBody(bytes)
    if (outcome === 'kept') this.#bodies.keep(bytes)
    return outcome === 'refuse' ? STOP : GO_ON
  }

  onEnd(parser: number): number {
    const trailers = this.#fields.take()
    if (this.#interim || this.#switched) return GO_ON
    this.#fields.bytes = 0
    this.#events.onEnd(this.#llhttp.shouldKeepAlive(parser), trailers)
    return GO_ON
  }

  #limit(): number {
    return this.#fields.bytes <= this.#headMaxBytes ? GO_ON : STOP
  }
}

const CONTINUE = 100
const SWITCHING_PROTOCOLS = 101
