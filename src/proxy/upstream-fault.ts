/**
 * What can go wrong with an upstream: no connection in time, no head or no more body in time, an answer that is no
 * HTTP/1.1, a connection that ended by itself.
 */
export type UpstreamFault =
  'connect-timeout' | 'answer-timeout' | 'answer-invalid' | 'connection-lost'

/** A fault of an upstream that is no error of a socket. `rescue.ts` says what the client gets. */
export class UpstreamFaultError extends Error {
  override readonly name = 'UpstreamFaultError'
  readonly code: UpstreamFault

  constructor(code: UpstreamFault) {
    super(code)
    this.code = code
  }
}
