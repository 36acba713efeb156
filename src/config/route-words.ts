import type { PathPattern, Template } from '../kernel/route.ts'
import { Refusal } from './refusal.ts'

const PLACEHOLDER = /\{([A-Za-z][A-Za-z0-9]*)\}/g

/** The words that a template asks for: `secret`, `apiKey`. */
export function placeholders(template: Template): readonly string[] {
  return [...template.matchAll(PLACEHOLDER)].flatMap(([, word]) => word ?? [])
}

/** Text with placeholders. A brace that is none is refused: it would be sent as it stands. */
export function parseTemplate(text: string): Template | Refusal {
  if (/[{}]/.test(text.replace(PLACEHOLDER, ''))) {
    return new Refusal(
      'has a brace that is no placeholder',
      'write {secret} or a public word in braces',
    )
  }
  return /^[\x20-\x7e]*$/.test(text)
    ? text
    : new Refusal('holds more than visible ASCII', 'leave out line breaks and foreign letters')
}

/** Fields that frame a message or belong to one connection: no credential can stand in them. */
const FRAMING_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The name of a header field that may carry a credential (RFC 9110, section 5.1). */
export function parseHeaderName(text: string): string | Refusal {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/.test(text)) {
    return new Refusal('is no name of a header', 'write a name such as X-Api-Key')
  }
  return FRAMING_FIELDS.has(text.toLowerCase())
    ? new Refusal('is a header that frames the message', 'use a header of its own for the secret')
    : text
}

/** An RFC 6901 pointer to a member: `/error/code`. `*` stands for every element where `stars` allows it. */
export function parsePointer(text: string): string | Refusal {
  return /^(?:\/(?:[^~/]|~[01])*)+$/.test(text)
    ? text
    : new Refusal('is no JSON pointer', 'start with a slash, such as /error/code (RFC 6901)')
}

/** Literal segments, `*` for one segment, `**` for any number at the end. */
export function parsePathPattern(text: string): PathPattern | Refusal {
  const segments = text.split('/').slice(1)
  const last = segments.length - 1
  const fits = segments.every(
    (segment, index) =>
      segment === '*' ||
      (segment === '**' && index === last) ||
      (isPlainSegment(segment) && !segment.includes('*')) ||
      (segment === '' && index === last),
  )
  return text.startsWith('/') && fits
    ? text
    : new Refusal(
        'is no pattern of paths',
        'write whole segments: /v1/things, /v1/*/parts, /v1/** (** at the end only)',
      )
}

/** What is taken off before forwarding: `/partner`. */
export function parsePathPrefix(text: string): string | Refusal {
  const segments = text.split('/').slice(1)
  return text.startsWith('/') && segments.every(isPlainSegment)
    ? text
    : new Refusal('is no path prefix', 'start with a slash and end without one, such as /partner')
}

/** An upper-case method that can be forwarded. */
export function parseMethod(text: string): string | Refusal {
  return /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(text)
    ? text
    : new Refusal('is no method', 'use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS in capitals')
}

/** A segment that no URL parser reads in two ways. */
function isPlainSegment(segment: string): boolean {
  return /^[A-Za-z0-9._~!$&'()*+,:=@-]+$/.test(segment) && !/^\.{1,2}$/.test(segment)
}

/** SHA-256 of a public key, in base64; `sha256/` may stand before it, as curl and RFC 7469 have it. */
export function parsePin(text: string): string | Refusal {
  const digest = text.replace(/^sha256\//, '')
  return /^[A-Za-z0-9+/]{43}=$/.test(digest)
    ? digest
    : new Refusal('is no pin', 'write the SHA-256 of the public key in base64: 44 characters')
}
