import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface FakeCall {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface FakeAnswer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** `hanging`: calls arrive, and nothing comes back. */
export type Mood = 'well' | 'hanging' | FakeAnswer

/** A server over a real socket, with a mood, that can be killed and comes back on the same port. */
export class HttpFake {
  readonly calls: FakeCall[] = []
  readonly #answer: (call: FakeCall) => FakeAnswer
  readonly #server: Server
  #port = 0
  mood: Mood = 'well'

  constructor(answer: (call: FakeCall) => FakeAnswer) {
    this.#answer = answer
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(this.#port, '127.0.0.1', done))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Refuses connections from now on, and breaks those that there are. */
  async kill(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((done) => this.#server.close(done))
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: target = '', headers } = request
    const call = { method, target, headers, body: await text(request) }
    this.calls.push(call)
    if (this.mood === 'hanging') return
    const {
      status,
      body,
      headers: more = {},
    } = this.mood === 'well' ? this.#answer(call) : this.mood
    response.writeHead(status, { 'content-type': 'application/json', ...more })
    response.end(typeof body === 'string' ? body : JSON.stringify(body ?? null))
  }
}
