import bytes from 'undici/lib/llhttp/llhttp-wasm.js'

/** The most that is parsed at once, in bytes. */
export const CHUNK_MAX_BYTES = 64 * 1024

/** What an answer says, in the order in which it says it. A false or `refuse` ends the connection. */
export interface AnswerEvents {
  /** The first byte of a message. False: none is awaited. */
  onBegin(): boolean
  /**
   * `fields`: names and values in turn, as latin1. Interim answers are not told, but for a 101, behind which no HTTP
   * follows: whoever has not asked for another protocol refuses it.
   */
  onHead(status: number, reason: string, fields: string[]): 'body' | 'no-body' | 'refuse'
  /** The upstream wants the body that was held back for it. */
  onContinue(): void
  /** The bytes are the receiver's own. */
  onBody(bytes: Buffer): boolean
  /** `trailers`: as `fields`, behind the body. */
  onEnd(keepAlive: boolean, trailers: readonly string[]): void
}

/** One llhttp, strict in everything, for any number of connections: their answers are parsed in turn. */
export class Llhttp {
  readonly #wasm: LlhttpExports
  /** Where chunks lie while they are parsed. */
  readonly #inputAt: number
  #input = new Uint8Array(0)
  #active: AnswerParser | null = null

  constructor() {
    const go = (accepted: boolean | undefined): number => (accepted === true ? GO_ON : STOP)
    const env = {
      wasm_on_url: () => GO_ON,
      wasm_on_message_begin: () => go(this.#active?.begin()),
      wasm_on_status: (_: number, at: number, length: number) =>
        go(this.#active?.addReason(at - this.#inputAt, length)),
      wasm_on_header_field: (_: number, at: number, length: number) =>
        go(this.#active?.addName(at - this.#inputAt, length)),
      wasm_on_header_value: (_: number, at: number, length: number) =>
        go(this.#active?.addValue(at - this.#inputAt, length)),
      wasm_on_headers_complete: (_: number, status: number, upgrade: number) =>
        this.#active?.endHead(status, upgrade === 1) ?? STOP,
      wasm_on_body: (_: number, at: number, length: number) =>
        go(this.#active?.addBody(at - this.#inputAt, length)),
      wasm_on_message_complete: (parser: number) =>
        go(this.#active?.end(this.#wasm.llhttp_should_keep_alive(parser) === 1)),
    }
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env })
    this.#wasm = instance.exports as LlhttpExports
    this.#wasm._initialize?.()
    this.#inputAt = this.#wasm.malloc(CHUNK_MAX_BYTES)
  }

  /** A parser for the answers of one connection; give it back with `free`. */
  create(): number {
    return this.#wasm.llhttp_alloc(RESPONSE)
  }

  free(parser: number): void {
    this.#wasm.llhttp_free(parser)
  }

  /** False: the first `length` bytes are no HTTP/1.1, or an event did not accept them. */
  execute(parser: number, events: AnswerParser, chunk: Buffer, length: number): boolean {
    this.#active = events
    this.#provide(chunk, length)
    const outcome = this.#wasm.llhttp_execute(parser, this.#inputAt, length)
    this.#active = null
    return outcome === OK || outcome === PAUSED_UPGRADE
  }

  /** After an answer that changed the protocol: where in the chunk its bytes begin. */
  otherProtocolAt(parser: number): number {
    return this.#wasm.llhttp_get_error_pos(parser) - this.#inputAt
  }

  /** The connection has ended. False: within an answer. */
  finish(parser: number, events: AnswerParser): boolean {
    this.#active = events
    const outcome = this.#wasm.llhttp_finish(parser)
    this.#active = null
    return outcome === OK
  }

  #provide(chunk: Buffer, length: number): void {
    if (this.#input.buffer !== this.#wasm.memory.buffer) {
      // The memory has grown, and what was seen of it before is void.
      const { buffer } = this.#wasm.memory
      this.#input = new Uint8Array(buffer, this.#inputAt, CHUNK_MAX_BYTES)
    }
    chunk.copy(this.#input, 0, 0, length)
  }
}

/** The answers of one connection. What llhttp finds is put together here, across the borders of chunks. */
export class AnswerParser {
  readonly #llhttp: Llhttp
  readonly #events: AnswerEvents
  readonly #headMaxBytes: number
  readonly #parser: number
  #chunk: Buffer = NOTHING
  #chunkBytes = 0
  /** The beginning of the chunk as text, for the fields in it; null until it is asked for. */
  #text: string | null = null
  #reason = ''
  #fields: string[] = []
  #headBytes = 0
  #interim = false
  #switched = false

  constructor(llhttp: Llhttp, events: AnswerEvents, headMaxBytes: number) {
    this.#llhttp = llhttp
    this.#events = events
    this.#headMaxBytes = headMaxBytes
    this.#parser = llhttp.create()
  }

  /** Takes the first `length` bytes. False: the connection can't be used any more. */
  execute(chunk: Buffer, length: number): boolean {
    this.#chunk = chunk
    this.#chunkBytes = length
    this.#text = null
    return this.#llhttp.execute(this.#parser, this, chunk, length)
  }

  /** The upstream has ended the connection. False: within an answer whose end it should have told. */
  finish(): boolean {
    return this.#llhttp.finish(this.#parser, this)
  }

  /** Where another protocol begins in the chunk that was executed last; null: HTTP goes on. */
  get otherProtocolAt(): number | null {
    return this.#switched ? this.#llhttp.otherProtocolAt(this.#parser) : null
  }

  /** Once, as the last call. */
  free(): void {
    this.#llhttp.free(this.#parser)
  }

  begin(): boolean {
    return this.#events.onBegin()
  }

  addReason(at: number, length: number): boolean {
    this.#reason += this.#textAt(at, length)
    return this.#count(length)
  }

  addName(at: number, length: number): boolean {
    const { length: count } = this.#fields
    if (count % 2 === 0) this.#fields.push(this.#textAt(at, length))
    else this.#fields[count - 1] += this.#textAt(at, length)
    return this.#count(length)
  }

  addValue(at: number, length: number): boolean {
    const { length: count } = this.#fields
    if (count % 2 === 1) this.#fields.push(this.#textAt(at, length))
    else this.#fields[count - 1] += this.#textAt(at, length)
    return this.#count(length)
  }

  endHead(status: number, upgrade: boolean): number {
    // Another protocol needs both: the status, and fields that name it.
    const switches = status === SWITCHING_PROTOCOLS
    if (upgrade !== switches) return STOP
    this.#interim = status < 200 && !switches
    const reason = this.#reason
    const fields = this.#fields
    this.#reason = ''
    this.#fields = []
    // Interim answers are of this hop. Their bytes count on, so that there is no end of them.
    if (status === CONTINUE) this.#events.onContinue()
    if (this.#interim) return SKIP_BODY
    const decision = this.#events.onHead(status, reason, fields)
    if (decision === 'refuse') return STOP
    this.#switched = switches
    if (switches) return OTHER_PROTOCOL
    return decision === 'body' ? GO_ON : SKIP_BODY
  }

  addBody(at: number, length: number): boolean {
    const bytes = Buffer.allocUnsafe(length)
    this.#chunk.copy(bytes, 0, at, at + length)
    return this.#events.onBody(bytes)
  }

  end(keepAlive: boolean): boolean {
    const trailers = this.#fields
    this.#fields = []
    if (this.#interim || this.#switched) return true
    this.#headBytes = 0
    this.#events.onEnd(keepAlive, trailers)
    return true
  }

  #textAt(at: number, length: number): string {
    if (at + length > TEXT_MAX_BYTES) return this.#chunk.toString('latin1', at, at + length)
    this.#text ??= this.#chunk.toString('latin1', 0, Math.min(this.#chunkBytes, TEXT_MAX_BYTES))
    return this.#text.slice(at, at + length)
  }

  #count(bytes: number): boolean {
    this.#headBytes += bytes
    return this.#headBytes <= this.#headMaxBytes
  }
}

const NOTHING = Buffer.alloc(0)
/** Heads are mostly shorter, and a body behind one is not worth being made text. */
const TEXT_MAX_BYTES = 4096

const CONTINUE = 100
const SWITCHING_PROTOCOLS = 101
/** `HTTP_RESPONSE` of `llhttp.h`; further down, what its callbacks may return. */
const RESPONSE = 2
const OK = 0
const GO_ON = 0
const SKIP_BODY = 1
const OTHER_PROTOCOL = 2
const STOP = -1
/** What `llhttp_execute` says behind the head of a 101: `HPE_PAUSED_UPGRADE`. */
const PAUSED_UPGRADE = 22

interface LlhttpExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly _initialize?: () => void
  malloc(bytes: number): number
  free(at: number): void
  llhttp_alloc(type: number): number
  llhttp_free(parser: number): void
  llhttp_execute(parser: number, at: number, length: number): number
  llhttp_finish(parser: number): number
  llhttp_get_error_pos(parser: number): number
  llhttp_should_keep_alive(parser: number): number
}
