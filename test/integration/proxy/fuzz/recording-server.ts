import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** A request as Node's own parser has understood it. */
export interface Understood {
  readonly method: string
  readonly target: string
  readonly fields: readonly string[]
  trailers: readonly string[]
  body: Buffer
  /** Whether all of it has come. */
  complete: boolean
}

/** A `node:http` server that keeps what it has understood, in order, and answers everything. */
export class RecordingServer {
  readonly seen: Understood[] = []
  readonly #answer: (request: Understood, response: ServerResponse) => void
  readonly #server = createServer({ maxHeaderSize: 64 * 1024, requireHostHeader: false })
  #port = 0

  constructor(answer: (request: Understood, response: ServerResponse) => void) {
    this.#answer = answer
    const take = (request: IncomingMessage, response: ServerResponse): void =>
      this.#take(request, response)
    // Whoever says no more is answered all the same, so that the end of a connection says that all was read.
    Object.assign(this.#server, { httpAllowHalfOpen: true })
    this.#server.maxHeadersCount = 0
    this.#server.on('request', take).on('checkExpectation', take)
    // Behind a request for another protocol nothing is understood.
    const leave = (request: IncomingMessage, socket: Duplex): void => {
      this.#note(request)
      socket.on('error', () => {})
      socket.resume().end()
    }
    this.#server.on('connect', leave).on('upgrade', leave)
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
    return `http://127.0.0.1:${this.#port}`
  }

  /** What it understands when these bytes are all that comes on a connection. */
  async understand(bytes: Buffer): Promise<readonly Understood[]> {
    this.seen.length = 0
    await new Promise<void>((resolve) => {
      const socket = connect({ port: this.#port, host: '127.0.0.1', allowHalfOpen: true })
      socket.on('error', () => {}).on('close', () => resolve())
      socket.resume().end(bytes)
      socket.once('end', () => socket.destroy())
    })
    return this.seen.slice()
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  #note(request: IncomingMessage): Understood {
    const { method = '', url: target = '', rawHeaders: fields } = request
    const understood: Understood = {
      method,
      target,
      fields,
      trailers: [],
      body: Buffer.alloc(0),
      complete: false,
    }
    this.seen.push(understood)
    return understood
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const understood = this.#note(request)
    const pieces: Buffer[] = []
    request.on('error', () => {})
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      understood.body = Buffer.concat(pieces)
      understood.trailers = request.rawTrailers
      understood.complete = request.complete
      this.#answer(understood, response)
    })
  }
}
