import { RefusedError } from '../kernel/errors.ts'
import { authenticateClient, type KnownClient } from './authenticate-client.ts'
import type { RouteTable } from './compile-routes.ts'
import { type Authority, parseAuthority } from './entrance.ts'
import { findByHost } from './match-route.ts'
import { MalformedHeadError } from './malformed-head.ts'
import type { RequestHead } from './read-head.ts'

/** What becomes of a CONNECT: `inner` ends here, and its requests are handled; `tunnel` goes through untouched. */
export type ConnectDecision =
  | {
      readonly kind: 'inner'
      readonly authority: Authority
      readonly client: KnownClient | null
      /** What may come inside. */
      readonly tls: boolean
      readonly plain: boolean
    }
  | { readonly kind: 'tunnel'; readonly authority: Authority }

/**
 * Decides on a CONNECT. A host with a route is never tunnelled, since the upstream would get the caller's own credential.
 * @param localPort the port at which the client has reached Sidekey; null for a unix socket
 * @throws RefusedError `malformed-request`, `client-auth-required`, `target-not-allowed`
 */
export function decideConnect(
  table: RouteTable,
  head: RequestHead,
  localPort: number | null,
): ConnectDecision {
  const { forward, connect } = table
  const authority = parseAuthority(head.target)
  if (authority === null) throw new MalformedHeadError('CONNECT needs host and port')
  vetHost(head, authority)
  if (head.chunked || (head.contentLength ?? 0) > 0) {
    // What follows is the inside of the tunnel: RFC 9110, section 9.3.6.
    throw new MalformedHeadError('CONNECT has no body')
  }
  const client = authenticateClient(table.clients, head)
  const own = table.ownNames.has(authority.hostname)

  if (own && authority.port === localPort && (forward || connect.intercept)) {
    return { kind: 'inner', authority, client, tls: false, plain: true }
  }
  const route = findByHost(table, { hostname: authority.hostname, port: String(authority.port) })
  if (route !== null) {
    const tls = connect.intercept && authority.port !== 80
    const plain = forward && authority.port !== 443
    if (!tls && !plain) throw notAllowed('the host has a route, and CONNECT to it is off')
    return { kind: 'inner', authority, client, tls, plain }
  }
  if (connect.unrouted === 'refuse' || own) throw notAllowed('no route has this host name and port')
  if (authority.port !== 443) throw notAllowed('hosts without a route are reached on port 443 only')
  if (client !== null && client.routes !== null) {
    throw notAllowed('this client may use its routes only')
  }
  return { kind: 'tunnel', authority }
}

/** HTTP/1.0 has no Host; where there is one, it must not contradict the target. RFC 9112, section 3.2.3. */
function vetHost(head: RequestHead, authority: Authority): void {
  const hasHost = head.fields.some((field, index) => index % 2 === 0 && /^host$/i.test(field))
  const samePort = head.port === '' || Number(head.port) === authority.port
  if (hasHost && (head.hostname !== authority.hostname || !samePort)) {
    throw new MalformedHeadError('the CONNECT target and Host differ')
  }
}

function notAllowed(message: string): RefusedError {
  return new RefusedError('target-not-allowed', message)
}
