import type { Entrance } from './entrance.ts'
import type { Http1Connection } from './http1-connection.ts'
import type { Http1Request } from './http1-request.ts'
import type { Http1Response } from './http1-response.ts'
import type { Llhttp } from './llhttp.ts'
import type { GivesUp } from './parse-requests.ts'
import type { WriteBatch } from './write-batch.ts'

/**
 * What a connection waits for. `head`: one that has begun, or the first; `rest`: of a body that nobody wants; `end`: that
 * its client has taken the last answer.
 */
export type Waits = 'head' | 'next' | 'answer' | 'rest' | 'end'

/** What all connections of clients share. */
export interface Http1Owner {
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
