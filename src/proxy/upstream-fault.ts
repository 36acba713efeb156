import type { UpstreamFaultReason } from '../kernel/ports/telemetry.ts'

/**
 * What can go wrong with an upstream: no connection in time, no head or no more body in time, an answer that is no
 * HTTP, a connection that ended by itself, a certificate whose key is none of those that the route names.
 */
export type UpstreamFault =
  'connect-timeout' | 'answer-timeout' | 'answer-invalid' | 'connection-lost' | 'certificate-pin'

/** A fault of an upstream that is no error of a socket. `rescue.ts` says what the client gets. */
export class UpstreamFaultError extends Error {
  override readonly name = 'UpstreamFaultError'
  readonly code: UpstreamFault

  constructor(code: UpstreamFault) {
    super(code)
    this.code = code
  }
}

/** Ends a connection on which no request is, so that nobody sees it: made once, since a stack trace is dear. */
export const RELEASED = new UpstreamFaultError('connection-lost')

/** The word for an error of an upstream, by its code: one of ours, or one of Node's and OpenSSL's. */
export function faultReason(code: string): UpstreamFaultReason {
  const known = REASONS.get(code)
  if (known !== undefined) return known
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO') return 'tls'
  // What OpenSSL says of certificates: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
  if (
    /CERT|CRL|ISSUER|SIGNATURE|^INVALID_(CA|PURPOSE)|PATH_LENGTH|VIOLATION|TOO_(SMALL|WEAK)/.test(
      code,
    )
  )
    return 'certificate-untrusted'
  return 'unreachable'
}

const REASONS: ReadonlyMap<string, UpstreamFaultReason> = new Map<string, UpstreamFaultReason>([
  ['connect-timeout', 'connect-timeout'],
  ['ETIMEDOUT', 'connect-timeout'],
  ['answer-timeout', 'answer-timeout'],
  ['answer-invalid', 'answer-invalid'],
  ['connection-lost', 'connection-lost'],
  ['ECONNRESET', 'connection-lost'],
  ['EPIPE', 'connection-lost'],
  ['ECONNREFUSED', 'refused'],
  ['ENOTFOUND', 'name-not-found'],
  ['EAI_AGAIN', 'name-not-found'],
  ['certificate-pin', 'certificate-pin'],
  ['CERT_HAS_EXPIRED', 'certificate-expired'],
  ['CERT_NOT_YET_VALID', 'certificate-expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate-name'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate-self-signed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate-self-signed'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'tls-version'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls-version'],
])
