import { isLoopback } from './listen-address.ts'
import { Refusal } from './refusal.ts'

/** Where a route sends to. */
export interface UpstreamUrl {
  /** Scheme, host and port; the default port is left out. */
  readonly origin: string
  /** Without port; an IPv6 address in brackets. */
  readonly host: string
  readonly port: number
  /** Plain http that leaves this host: the route must say `insecure: true`. */
  readonly plain: boolean
}

const REMEDY = 'write scheme, host and port only, such as https://api.partner.example'

/** An origin: `https://api.partner.example`, `http://127.0.0.1:9000`. */
export function parseUpstreamUrl(text: string): UpstreamUrl | Refusal {
  if (hasUserinfo(text)) return URL_SECRET
  if (!/^https?:\/\/[^/\\?#@\s]+\/?$/i.test(text) || !URL.canParse(text)) {
    return new Refusal('is no origin of an upstream', REMEDY)
  }
  const { protocol, origin, hostname, port } = new URL(text)
  const secure = protocol === 'https:'
  return {
    origin,
    host: hostname,
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    plain: !secure && !isLoopback(hostname.replace(/^\[|\]$/g, '')),
  }
}

/** What is said of `https://user:secret@host`, wherever in the file it stands. */
export const URL_SECRET = new Refusal(
  'a URL carries a name or a secret before its @',
  'take it out; credentials stand under credentials:',
)

/** Whether a text is a URL with something before an `@`. */
export function hasUserinfo(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[\\/]{2}[^\\/?#]*@/i.test(text.trim())
}

/** A host as `Host` names it: lower case, no port, no final dot. */
export function parseHost(text: string): string | Refusal {
  const host = text.toLowerCase()
  const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
  return new RegExp(`^${label}(?:\\.${label})*$`).test(host) && host.length <= 253
    ? host
    : new Refusal('is no host name', 'write a name without scheme, port or path')
}
