import { createHash } from 'node:crypto'

/**
 * A request as AWS sees it. Every text has one character per byte, as the bytes on the wire have them.
 * Source of all rules here: "Create a signed AWS API request" in the IAM user guide, checked 2026-11-24.
 */
export interface AwsRequest {
  readonly method: string
  /** Host and, where it is not the scheme's own, port: what the `Host` field says. */
  readonly host: string
  /** As it is sent, percent-encoded; starts with `/`. */
  readonly path: string
  /** As it is sent, without the question mark; null or empty: none. */
  readonly query: string | null
  /** The fields that are signed beside `Host`: names and values in turn. */
  readonly fields: readonly string[]
  /** SHA-256 of the body in lower-case hex, or a word of AWS that stands for it. */
  readonly payloadHash: string
}

/** What is hashed, and the names of the fields that it holds, as `SignedHeaders` lists them. */
export interface CanonicalRequest {
  readonly hash: string
  readonly signedHeaders: string
}

/** Brings a request into the one form that both sides compute. @param service decides how the path is encoded */
export function canonicalRequest(request: AwsRequest, service: string): CanonicalRequest {
  const headers = canonicalHeaders(request)
  const signedHeaders = [...headers.keys()].join(';')
  const text = [
    request.method,
    service === 's3' ? encodeOnce(request.path) : encodeTwice(request.path),
    canonicalQuery(request.query ?? ''),
    ...[...headers].map(([name, value]) => `${name}:${value}`),
    '',
    signedHeaders,
    request.payloadHash,
  ].join('\n')
  return { hash: createHash('sha256').update(text, 'latin1').digest('hex'), signedHeaders }
}

/** By name; values of one name in their order, their spaces folded. */
function canonicalHeaders({ host, fields }: AwsRequest): ReadonlyMap<string, string> {
  const found = new Map<string, string>([['host', host]])
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] ?? '').toLowerCase()
    const value = (fields[i + 1] ?? '').trim().replaceAll(/[ \t]+/g, ' ')
    const before = found.get(name)
    found.set(name, before === undefined ? value : `${before},${value}`)
  }
  return new Map([...found].toSorted(([a], [b]) => compare(a, b)))
}

/** Sorted by encoded name, then by encoded value. `+` counts as a space, as it does for the services' own parsers. */
function canonicalQuery(query: string): string {
  if (query === '') return ''
  return query
    .split('&')
    .map((pair): readonly [string, string] => {
      const equals = pair.indexOf('=')
      const end = equals < 0 ? pair.length : equals
      return [encodeParameter(pair.slice(0, end)), encodeParameter(pair.slice(end + 1))]
    })
    .toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function encodeParameter(text: string): string {
  return encode(decode(text.replaceAll('+', ' ')))
}

/** The object store takes its paths literally: nothing is folded, and what is encoded already is not encoded again. */
function encodeOnce(path: string): string {
  return path
    .split('/')
    .map((segment) => encode(decode(segment)))
    .join('/')
}

/** Every other service folds dot segments and empty ones, and encodes what is encoded already. */
function encodeTwice(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(encode(segment))
  }
  const slash = kept.length > 0 && path.endsWith('/') ? '/' : ''
  return `/${kept.join('/')}${slash}`
}

/** Everything but the unreserved characters of RFC 3986. */
function encode(bytes: string): string {
  return bytes.replaceAll(/[^A-Za-z0-9._~-]/g, (byte) => {
    return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  })
}

function decode(text: string): string {
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
