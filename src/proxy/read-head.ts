import { RefusedError } from '../kernel/errors.ts'
import {
  REQUEST_HEADER_MAX_BYTES,
  REQUEST_HEADERS_MAX,
  REQUEST_TARGET_MAX_BYTES,
} from '../kernel/limits.ts'
import type { ClientRequest } from './client-message.ts'
import { headBytes, isHead } from './http2-head.ts'
import { MalformedHeadError } from './malformed-head.ts'
import { SeenFields } from './seen-fields.ts'

/** What the map needs to know of a request's head. Everything else stays in `fields`, as it was received. */
export interface RequestHead {
  readonly method: string
  /** Byte for byte, as received. */
  readonly target: string
  /** Lower-case name of the `Host` field without port and final dot; brackets kept around IPv6. */
  readonly hostname: string
  /** Port of the `Host` field; empty when it has none. */
  readonly port: string
  /** `rawHeaders`: names and values in turn, as received. */
  readonly fields: readonly string[]
  /** Lower-case media type without parameters; empty when there is none. */
  readonly contentType: string
  /** Lower-case; empty when there is none, or `identity`. */
  readonly contentEncoding: string
  /** Null when the head does not tell. */
  readonly contentLength: number | null
  readonly chunked: boolean
  /** Lower-case tokens of `Connection`, which name further fields of this hop; empty when there are none. */
  readonly connection: readonly string[]
  readonly authorization: string
  readonly proxyAuthorization: string
  readonly clientToken: string
  /** Sends no body before it has got a 100. RFC 9110, section 10.1.1. */
  readonly expectsContinue: boolean
  /** Wants the connection to become a WebSocket, and the connection can: RFC 6455, section 4.2.1. */
  readonly upgrade: boolean
}

/**
 * Reads the head once, from the raw fields, and refuses what is ambiguous. llhttp has refused most of it before;
 * what it lets pass (two `Host` fields, `gzip, chunked`, HTTP/0.9) is refused here.
 * @throws RefusedError
 */
export function readHead(request: ClientRequest): RequestHead {
  const fields = request.rawHeaders
  const target = request.url ?? ''
  if (target.length > REQUEST_TARGET_MAX_BYTES) {
    throw new RefusedError('target-too-long', 'the request target is too long')
  }
  if (fields.length > REQUEST_HEADERS_MAX * 2) {
    throw new RefusedError('headers-too-large', 'the request has too many header fields')
  }
  const seen = new SeenFields()
  for (let i = 0; i + 1 < fields.length; i += 2) seen.note(fields[i] ?? '', fields[i + 1] ?? '')
  vetFraming(request, seen)
  vetSource(seen)
  const authority = parseAuthority(request, seen)
  vetMethod(request.method ?? '')
  const upgrade = isWebSocket(request, seen)
  return {
    method: request.method ?? '',
    target,
    ...authority,
    fields,
    contentType: mediaType(seen.contentType),
    contentEncoding: seen.contentEncoding === 'identity' ? '' : seen.contentEncoding,
    contentLength: seen.contentLength === '' ? null : Number(seen.contentLength),
    chunked: seen.transferEncoding !== null,
    connection: seen.connection === '' ? NO_TOKENS : tokens(seen.connection),
    authorization: seen.authorization,
    proxyAuthorization: seen.proxyAuthorization,
    clientToken: seen.clientToken,
    expectsContinue: seen.expect === '100-continue' && request.httpVersion !== '1.0',
    upgrade,
  }
}

const NO_TOKENS: readonly string[] = []

function vetFraming(request: ClientRequest, seen: SeenFields): void {
  const version = request.httpVersion
  if (version === '2.0') vetHttp2(request)
  else if (version !== '1.1' && version !== '1.0') {
    throw new MalformedHeadError('the protocol version is not HTTP/1.1 or HTTP/1.0')
  }
  if (seen.transferEncoding !== null) {
    if (seen.transferEncoding !== 'chunked' || version === '1.0') {
      throw new MalformedHeadError('the only transfer coding is chunked, in HTTP/1.1')
    }
    if (seen.contentLengths > 0) {
      throw new MalformedHeadError('a message has Content-Length or Transfer-Encoding, not both')
    }
  }
  // Whoever reads the other one would find what the caller wrote into the body untouched.
  if (seen.contentTypes > 1) throw new MalformedHeadError('a message has one Content-Type')
  if (seen.contentLengths > 1 || !/^\d{0,15}$/.test(seen.contentLength)) {
    throw new MalformedHeadError('Content-Length is not one decimal number')
  }
}

/** nghttp2 frames it, and llhttp has not seen it. */
function vetHttp2({ method = '', url = '', rawHeaders }: ClientRequest): void {
  if (headBytes(rawHeaders) > REQUEST_HEADER_MAX_BYTES) {
    throw new RefusedError('headers-too-large', 'the header fields are too large')
  }
  if (!isHead({ method, target: url, fields: rawHeaders })) {
    throw new MalformedHeadError('the head holds a character that HTTP/1.1 has no place for')
  }
}

/** A page in a browser must not use the caller's loopback: no CORS is offered, and simple requests are refused. */
function vetSource(seen: SeenFields): void {
  if (seen.origin !== '' || seen.site === 'cross-site' || seen.site === 'same-site') {
    throw new RefusedError('origin-not-allowed', 'requests of web pages are not accepted')
  }
}

const AUTHORITY = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/

function parseAuthority(
  request: ClientRequest,
  seen: SeenFields,
): { readonly hostname: string; readonly port: string } {
  // HTTP/1.0 has no Host; such a caller has reached us by address.
  if (seen.hosts === 0 && request.httpVersion === '1.0') return { hostname: 'localhost', port: '' }
  const found = seen.hosts === 1 ? AUTHORITY.exec(seen.host.toLowerCase()) : null
  const hostname = found?.[1]
  if (hostname === undefined) throw new MalformedHeadError('Host is not one host name')
  return {
    hostname: hostname.endsWith('.') ? hostname.slice(0, -1) : hostname,
    port: found?.[2] ?? '',
  }
}

function vetMethod(method: string): void {
  if (method === 'TRACE' || method === 'TRACK') {
    throw new RefusedError('method-not-allowed', 'this method would echo the credential')
  }
}

/** Upgrade to anything else, such as h2c, is an offer that may be ignored. */
function isWebSocket(request: ClientRequest, seen: SeenFields): boolean {
  if (!seen.upgrade.includes('websocket')) return false
  // Node has asked `wantsWebSocket`, and has given up the connection.
  const asked = request.method === 'GET' && 'upgrade' in request
  const bodiless = seen.transferEncoding === null && Number(seen.contentLength) === 0
  if (asked && request.upgrade === true && bodiless) return true
  throw new RefusedError('upgrade-not-supported', 'this is no handshake of a WebSocket')
}

function mediaType(value: string): string {
  if (value === '') return ''
  const end = value.indexOf(';')
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase()
}

function tokens(value: string): readonly string[] {
  return value
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '' && token !== 'keep-alive' && token !== 'close')
}
