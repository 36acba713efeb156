import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What an upstream saw of one request, byte for byte where it matters. */
export interface SeenRequest {
  readonly method: string
  readonly target: string
  /** `rawHeaders`: names and values in turn. */
  readonly fields: readonly string[]
  readonly body: Buffer
  /** Values of one field, by its lower-case name. */
  values(name: string): readonly string[]
}

export type Answer = (request: SeenRequest, response: ServerResponse) => void

/** A real HTTP server that keeps what it saw, and answers as it is told. */
export class FakeUpstream {
  readonly requests: SeenRequest[] = []
  /** Connections that were ever accepted. */
  connections = 0
  readonly #server = createServer((request, response) => void this.#serve(request, response))
  #answer: Answer

  constructor(answer: Answer = (_request, response) => response.end('{"ok":true}')) {
    this.#answer = answer
    this.#server.on('connection', () => this.connections++)
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this.origin
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  answerWith(answer: Answer): void {
    this.#answer = answer
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const fields = request.rawHeaders
    const seen: SeenRequest = {
      method: request.method ?? '',
      target: request.url ?? '',
      fields,
      body: Buffer.concat(chunks),
      values: (name) =>
        fields.filter((_, i) => i % 2 === 1 && fields[i - 1]?.toLowerCase() === name),
    }
    this.requests.push(seen)
    this.#answer(seen, response)
  }
}
