import type { UpstreamFaultReason } from '../kernel/ports/telemetry.ts'
import { codeOf, RefusedError, type RefusalCode, SidekeyError } from '../kernel/errors.ts'
import type { ClientResponse } from './client-message.ts'
import { withFields } from './field-lines.ts'
import type { ParseFault } from './parse-requests.ts'
import { MalformedHeadError } from './malformed-head.ts'
import { SlowBodyError } from './body-pace.ts'
import { faultReason } from './upstream-fault.ts'
import { MalformedPathError } from './vet-path.ts'

/** What a request gets that Sidekey answers itself. */
export interface Refusal {
  readonly code: RefusalCode
  readonly status: number
  readonly detail: string
  /** The connection can't be used after the answer. */
  readonly close: boolean
  readonly retryAfterS: number | null
}

const STATUS: Readonly<Record<RefusalCode, number>> = {
  'no-route': 404,
  'host-not-allowed': 421,
  'origin-not-allowed': 403,
  'target-not-allowed': 403,
  'path-refused': 403,
  'method-not-allowed': 405,
  'client-auth-required': 407,
  'malformed-request': 400,
  'target-too-long': 414,
  'headers-too-large': 431,
  'body-too-large': 413,
  'body-not-injectable': 415,
  'body-malformed': 400,
  'placeholder-unresolved': 400,
  'credential-unavailable': 503,
  'credential-unknown': 403,
  'upstream-unreachable': 502,
  'upstream-timeout': 504,
  'upstream-invalid': 502,
  overloaded: 503,
  'upgrade-not-supported': 501,
  internal: 500,
}

/** A refusal that the client may repeat after a while. */
export class RetryLaterError extends RefusedError {
  readonly retryAfterS: number

  constructor(
    code: 'credential-unavailable' | 'overloaded',
    message: string,
    retryAfterMs: number,
  ) {
    super(code, message)
    this.retryAfterS = Math.max(1, Math.ceil(retryAfterMs / 1_000))
  }
}

/** Maps any error to the answer that the client gets; the only place that does. */
export function rescue(error: unknown): Refusal {
  // A head or a body that lies about its own length makes everything behind it suspect.
  if (error instanceof MalformedHeadError)
    return refusal(error.code, error.message, { close: true })
  if (error instanceof MalformedPathError)
    return refusal(error.code, error.message, { status: 400 })
  if (error instanceof SlowBodyError) {
    return refusal(error.code, error.message, { status: 408, close: true })
  }
  if (error instanceof RetryLaterError) {
    return refusal(error.code, error.message, { retryAfterS: error.retryAfterS })
  }
  if (error instanceof RefusedError) return refusal(error.code, error.message, {})
  if (error instanceof SidekeyError) {
    return refusal('malformed-request', 'the request is not valid HTTP/1.1', { close: true })
  }
  // Anything else is a fault of Sidekey's own, and says nothing about itself.
  return refusal('internal', 'sidekey failed to handle the request', {})
}

/**
 * Maps what is wrong with the bytes of a connection, before there is a request or within its body, to the answer after
 * which it ends.
 * @param inBody whether the head of a request has come before them
 */
export function rescueBytes(fault: ParseFault | 'too-slow', inBody: boolean): Refusal {
  if (fault === 'too-slow') {
    return refusal('malformed-request', 'the request head came too slowly', {
      status: 408,
      close: true,
    })
  }
  if (fault === 'head-too-large') {
    return refusal('headers-too-large', 'the header fields are too large', { close: true })
  }
  if (fault === 'invalid') {
    const what = inBody ? 'the request body' : 'the request'
    return refusal('malformed-request', `${what} is not valid HTTP/1.1`, { close: true })
  }
  const what = fault === 'trailers-too-large' ? 'trailers' : 'chunk extensions'
  return refusal('body-too-large', `the ${what} are too large`, { close: true })
}

/** Maps what went wrong with an upstream to a refusal: an `UpstreamFault`, or an error of Node's. */
export function rescueUpstream(error: unknown): RefusedError {
  const code = codeOf(error)
  if (error instanceof RefusedError) return error
  if (code === 'connect-timeout' || code === 'ETIMEDOUT') {
    return new RefusedError(
      'upstream-timeout',
      'the upstream did not accept a connection in time',
      { cause: error },
    )
  }
  if (code === 'answer-timeout') {
    return new RefusedError('upstream-timeout', 'the upstream did not answer in time', {
      cause: error,
    })
  }
  if (code === 'answer-invalid') {
    return new RefusedError('upstream-invalid', "the upstream's answer is not valid HTTP", {
      cause: error,
    })
  }
  // Refused, reset, closed, not found, or a certificate that is not trusted.
  return new RefusedError('upstream-unreachable', 'the upstream can not be reached', {
    cause: error,
  })
}

/** The word for what stands behind a refusal with one of the `upstream-…` codes. */
export function upstreamFaultOf(refused: unknown): UpstreamFaultReason {
  if (codeOf(refused) === 'upstream-invalid') return 'answer-invalid'
  const code = refused instanceof Error ? codeOf(refused.cause) : null
  return code === null ? 'connection-lost' : faultReason(code)
}

/** Whether a connection ended by itself: neither a timeout, nor an answer that can't be read. */
export function isConnectionLoss(error: unknown): boolean {
  return CONNECTION_LOSS.has(codeOf(error) ?? '')
}

const CONNECTION_LOSS: ReadonlySet<string> = new Set(['connection-lost', 'ECONNRESET', 'EPIPE'])

/** Sends the refusal as `application/problem+json`. Where an answer has begun, the connection is cut instead. */
export function sendRefusal(response: ClientResponse, refused: Refusal): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const body = problem(refused)
  const fields = [...problemFields(refused), 'Content-Length', String(Buffer.byteLength(body))]
  if (refused.close) response.shouldKeepAlive = false
  response.writeHead(refused.status, fields)
  response.end(body)
}

/**
 * The same as bytes, for a connection that is closed after it.
 * @param method of the request that it answers; null: there is none
 */
export function rawRefusal(refused: Refusal, method: string | null = null): string {
  const body = problem(refused)
  const fields = withFields(
    `HTTP/1.1 ${refused.status} ${refused.code}\r\n`,
    problemFields(refused),
  )
  const head = `${fields}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`
  return method === 'HEAD' ? head : head + body
}

function refusal(
  code: RefusalCode,
  detail: string,
  more: { readonly status?: number; readonly close?: boolean; readonly retryAfterS?: number },
): Refusal {
  return {
    code,
    status: more.status ?? STATUS[code],
    detail,
    close: more.close ?? false,
    retryAfterS: more.retryAfterS ?? null,
  }
}

function problem(refused: Refusal): string {
  const { code, status, detail } = refused
  return JSON.stringify({ type: 'about:blank', title: code, status, code, detail })
}

function problemFields(refused: Refusal): string[] {
  const fields = ['Content-Type', 'application/problem+json', 'Sidekey-Error', refused.code]
  if (refused.retryAfterS !== null) fields.push('Retry-After', String(refused.retryAfterS))
  if (refused.code === 'client-auth-required') fields.push('Proxy-Authenticate', 'Bearer')
  return fields
}
