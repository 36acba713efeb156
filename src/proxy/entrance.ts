import type { KnownClient } from './authenticate-client.ts'

/** Host and port that a client asks for, the name in lower case without a final dot, brackets kept around IPv6. */
export interface Authority {
  readonly hostname: string
  readonly port: number
}

/** The way by which a connection came in. It says what its requests may ask for. */
export type Entrance =
  /** `proxy.listen`: path prefixes, hosts, and what a forward proxy gets. `port` is null for a unix socket. */
  | { readonly kind: 'open'; readonly port: number | null }
  /** The listener of one route; `listen` finds it in the table. */
  | { readonly kind: 'route'; readonly listen: string }
  /** `proxy.tls.listen`: the host that the certificate was made for. */
  | { readonly kind: 'secure'; readonly servername: string }
  /** Inside a CONNECT, for one authority. `servername` is null where the inside is not encrypted. */
  | {
      readonly kind: 'tunnel'
      readonly authority: Authority
      readonly servername: string | null
      /** Who asked for the tunnel; nobody says it again inside. */
      readonly client: KnownClient | null
    }

const AUTHORITY = /^([a-z0-9._-]+|\[[0-9a-f:.]+\]):(\d{1,5})$/

/** Reads `host:port` as CONNECT has it; null for anything else. Never by a URL parser: those guess. */
export function parseAuthority(text: string): Authority | null {
  const [, name, digits] = AUTHORITY.exec(text.toLowerCase()) ?? []
  const port = Number(digits)
  if (name === undefined || !(port >= 1 && port <= 65_535)) return null
  return { hostname: name.endsWith('.') ? name.slice(0, -1) : name, port }
}
