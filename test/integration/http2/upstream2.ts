import { readFileSync } from 'node:fs'
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type SecureServerOptions,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** Made for tests: an authority, and certificates of one throw-away key. */
export const tlsFile = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../fakes/tls', name), 'utf8')

export interface Seen2 {
  readonly fields: readonly string[]
  readonly trailers: readonly string[]
  readonly body: Buffer
}

export type Answer2 = (seen: Seen2, stream: ServerHttp2Stream) => void

/** An upstream that offers HTTP/2 in TLS, or speaks it in plain text on prior knowledge. */
export class Upstream2 {
  readonly requests: Seen2[] = []
  readonly sessions: ServerHttp2Session[] = []
  readonly server: Http2Server | Http2SecureServer
  /** Sees streams before their bodies; true: it deals with this one. */
  early: (stream: ServerHttp2Stream, fields: readonly string[]) => boolean = () => false
  answer: Answer2 = (_seen, stream) => {
    stream.respond({ ':status': 200 })
    stream.end('{"ok":true}')
  }

  constructor(options: SecureServerOptions & { readonly plain?: boolean } = {}) {
    const tls = { key: tlsFile('leaf.key'), cert: tlsFile('localhost.pem') }
    this.server =
      options.plain === true ? createServer(options) : createSecureServer({ ...tls, ...options })
    this.server.on('session', (session) => this.sessions.push(session))
    this.server.on(
      'stream',
      (stream: ServerHttp2Stream, _fields: object, _flags: number, raw: string[]) =>
        this.#serve(stream, raw),
    )
    this.server.on('sessionError', () => {})
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, resolve))
    const { port } = this.server.address() as AddressInfo
    return `${'setSecureContext' in this.server ? 'https' : 'http'}://localhost:${port}`
  }

  async stop(): Promise<void> {
    for (const session of this.sessions) session.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }

  #serve(stream: ServerHttp2Stream, fields: readonly string[]): void {
    stream.on('error', () => {})
    if (this.early(stream, fields)) return
    const chunks: Buffer[] = []
    let trailers: readonly string[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('trailers', (_trailers, _flags, raw) => {
      trailers = raw
    })
    stream.on('end', () => {
      if (stream.aborted) return
      const seen = { fields, trailers, body: Buffer.concat(chunks) }
      this.requests.push(seen)
      this.answer(seen, stream)
    })
  }
}
