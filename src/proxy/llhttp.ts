import bytes from 'undici/lib/llhttp/llhttp-wasm.js'
import { BodyBuffer } from './body-buffer.ts'
import { CHUNK_MAX_BYTES } from './chunk-text.ts'

/** What the parse of one connection is told, in the order of the bytes. A text stands in the chunk, `at` its beginning. */
export interface ParserEvents {
  onBegin(): number
  /** A part of a request's target. */
  onTarget(at: number, length: number): number
  /** A part of an answer's reason phrase. */
  onReason(at: number, length: number): number
  onName(at: number, length: number): number
  onValue(at: number, length: number): number
  /** `upgrade`: the fields, or the method, ask for another protocol. */
  onHeadEnd(status: number, upgrade: boolean, keepAlive: boolean): number
  onBody(at: number, length: number): number
  onEnd(parser: number): number
}

/** What an event may answer; `PAUSE` stops the parse behind it, where `execute` can go on later. */
export const GO_ON = 0
export const SKIP_BODY = 1
export const OTHER_PROTOCOL = 2
export const PAUSE = 21
export const STOP = -1

/** `HTTP_REQUEST` and `HTTP_RESPONSE` of `llhttp.h`. */
export type MessageType = 1 | 2
export const REQUESTS: MessageType = 1
export const ANSWERS: MessageType = 2

const OK = 0
/** Of `llhttp.h`: an event has paused; behind a message that gives the connection to another protocol. */
const PAUSED = 21
const PAUSED_UPGRADE = 22

/** How far a chunk was read. */
export type Parsed = 'all' | 'paused' | 'other-protocol' | 'invalid'

/** One llhttp, strict in everything, for any number of connections: their messages are parsed in turn. */
export class Llhttp {
  readonly bodies = new BodyBuffer()
  readonly #wasm: LlhttpExports
  /** Where chunks lie while they are parsed. */
  readonly #inputAt: number
  readonly #methods: string[] = []
  #input = new Uint8Array(0)
  #active: ParserEvents = NOBODY

  constructor() {
    const from = (at: number): number => at - this.#inputAt
    const env = {
      wasm_on_message_begin: () => this.#active.onBegin(),
      wasm_on_url: (_: number, at: number, length: number) =>
        this.#active.onTarget(from(at), length),
      wasm_on_status: (_: number, at: number, length: number) =>
        this.#active.onReason(from(at), length),
      wasm_on_header_field: (_: number, at: number, length: number) =>
        this.#active.onName(from(at), length),
      wasm_on_header_value: (_: number, at: number, length: number) =>
        this.#active.onValue(from(at), length),
      wasm_on_headers_complete: (_: number, status: number, upgrade: number, keepAlive: number) =>
        this.#active.onHeadEnd(status, upgrade === 1, keepAlive === 1),
      wasm_on_body: (_: number, at: number, length: number) =>
        this.#active.onBody(from(at), length),
      wasm_on_message_complete: (parser: number) => this.#active.onEnd(parser),
    }
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env })
    this.#wasm = instance.exports as LlhttpExports
    this.#wasm._initialize?.()
    this.#inputAt = this.#wasm.malloc(CHUNK_MAX_BYTES)
  }

  /** A parser for the messages of one connection; give it back with `free`. */
  create(type: MessageType): number {
    return this.#wasm.llhttp_alloc(type)
  }

  free(parser: number): void {
    this.#wasm.llhttp_free(parser)
  }

  /** Parses the first `length` bytes of a chunk, at most `CHUNK_MAX_BYTES`. */
  execute(parser: number, events: ParserEvents, chunk: Buffer, length: number): Parsed {
    this.#active = events
    this.#provide(chunk, length)
    const outcome = this.#wasm.llhttp_execute(parser, this.#inputAt, length)
    this.#active = NOBODY
    if (outcome === OK) return 'all'
    if (outcome === PAUSED) return 'paused'
    return outcome === PAUSED_UPGRADE ? 'other-protocol' : 'invalid'
  }

  /** Where the parse has stopped in the last chunk, when it was not read to its end. */
  stoppedAt(parser: number): number {
    return this.#wasm.llhttp_get_error_pos(parser) - this.#inputAt
  }

  /** Behind a pause. */
  resume(parser: number): void {
    this.#wasm.llhttp_resume(parser)
  }

  /** Behind a message that asked for another protocol, and did not get it. */
  resumeHttp(parser: number): void {
    this.#wasm.llhttp_resume_after_upgrade(parser)
  }

  /** The connection has ended. False: within an answer. */
  finish(parser: number, events: ParserEvents): boolean {
    this.#active = events
    const outcome = this.#wasm.llhttp_finish(parser)
    this.#active = NOBODY
    return outcome === OK
  }

  shouldKeepAlive(parser: number): boolean {
    return this.#wasm.llhttp_should_keep_alive(parser) === 1
  }

  /** The method of a request, from its head on. */
  methodOf(parser: number): string {
    const method = this.#wasm.llhttp_get_method(parser)
    this.#methods[method] ??= this.#cText(this.#wasm.llhttp_method_name(method))
    return this.#methods[method]
  }

  /** Such as `1.1`. */
  versionOf(parser: number): string {
    const major = this.#wasm.llhttp_get_http_major(parser)
    const minor = this.#wasm.llhttp_get_http_minor(parser)
    return major === 1 && minor === 1 ? '1.1' : `${major}.${minor}`
  }

  #cText(at: number): string {
    const memory = new Uint8Array(this.#wasm.memory.buffer)
    return Buffer.from(memory.subarray(at, memory.indexOf(0, at))).toString('latin1')
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

const stop = (): number => STOP

/** Between two parses nothing is told to anybody. */
const NOBODY: ParserEvents = {
  onBegin: stop,
  onTarget: stop,
  onReason: stop,
  onName: stop,
  onValue: stop,
  onHeadEnd: stop,
  onBody: stop,
  onEnd: stop,
}

interface LlhttpExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly _initialize?: () => void
  malloc(bytes: number): number
  free(at: number): void
  llhttp_alloc(type: number): number
  llhttp_free(parser: number): void
  llhttp_execute(parser: number, at: number, length: number): number
  llhttp_finish(parser: number): number
  llhttp_resume(parser: number): void
  llhttp_resume_after_upgrade(parser: number): void
  llhttp_get_error_pos(parser: number): number
  llhttp_get_method(parser: number): number
  llhttp_method_name(method: number): number
  llhttp_get_http_major(parser: number): number
  llhttp_get_http_minor(parser: number): number
  llhttp_should_keep_alive(parser: number): number
}
