import { RefusedError, unreachable } from '../kernel/errors.ts'
import { authenticateClient, type KnownClient, recognizeClient } from './authenticate-client.ts'
import type { RouteTable } from './compile-routes.ts'
import { type Entrance, parseAuthority } from './entrance.ts'
import { findByHost, type Match, matchRoute, splitTarget } from './match-route.ts'
import { MalformedHeadError } from './malformed-head.ts'
import type { RequestHead } from './read-head.ts'

/** Who asks: known since the CONNECT inside a tunnel, by this request's own token elsewhere. */
export function clientOf(
  table: RouteTable,
  head: RequestHead,
  entrance: Entrance,
): KnownClient | null {
  return entrance.kind === 'tunnel'
    ? recognizeClient(table.clients, entrance.client)
    : authenticateClient(table.clients, head)
}

/**
 * Finds the route of a request, by the way it came in.
 * @throws RefusedError `no-route`, `host-not-allowed`, `target-not-allowed`, `malformed-request`,
 *   `upgrade-not-supported`
 */
export function matchEntrance(table: RouteTable, head: RequestHead, entrance: Entrance): Match {
  switch (entrance.kind) {
    case 'open':
      return table.forward && !head.target.startsWith('/')
        ? matchForward(table, head, entrance.port)
        : matchRoute(table, head)
    case 'route':
      return matchOwnListener(table, head, entrance.listen)
    case 'secure':
      vetInner(head)
      if (head.hostname !== entrance.servername) throw otherHost()
      // The port is the listener's own, which the upstream need not have.
      return matchHost(table, { ...head, port: '' })
    case 'tunnel': {
      const { authority, servername } = entrance
      vetInner(head)
      if (servername !== null && servername !== authority.hostname) throw otherHost()
      if (head.hostname !== authority.hostname) throw otherHost()
      if (portOf(head, authority.port) !== authority.port) throw otherHost()
      // A client that proxies even what it addresses to Sidekey itself.
      return table.ownNames.has(authority.hostname)
        ? matchRoute(table, head)
        : matchHost(table, head)
    }
    default:
      return unreachable(entrance)
  }
}

const ABSOLUTE = /^(https?):\/\/([^/?#]*)(.*)$/i

/**
 * A forward proxy's absolute target: only hosts of routes, whatever its scheme: the route's upstream decides that.
 * @param ownPort where the caller has reached Sidekey: under its own names, another port is another service
 */
function matchForward(table: RouteTable, head: RequestHead, ownPort: number | null): Match {
  const [, scheme, written, rest = ''] = ABSOLUTE.exec(head.target) ?? []
  if (scheme === undefined || written === undefined) {
    throw new MalformedHeadError('the request target is neither a path nor an http URL')
  }
  const defaultPort = scheme.toLowerCase() === 'https' ? 443 : 80
  const authority =
    parseAuthority(written) ?? parseAuthority(`${written.replace(/:$/, '')}:${defaultPort}`)
  if (authority === null) throw new MalformedHeadError('the request target names no host')
  const same = head.hostname === authority.hostname && portOf(head, defaultPort) === authority.port
  if (!same && hasHost(head)) throw new MalformedHeadError('the request target and Host differ')
  const { hostname } = authority
  const port = same ? head.port : String(authority.port)
  const inner = { ...head, hostname, port, target: rest.startsWith('/') ? rest : `/${rest}` }
  const own = table.ownNames.has(hostname) && (ownPort === null || authority.port === ownPort)
  return own ? matchRoute(table, inner) : matchHost(table, inner)
}

/** HTTP/1.0 has none; an absolute target says all by itself then. */
function hasHost({ fields }: RequestHead): boolean {
  return fields.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'host')
}

/** @throws RefusedError `target-not-allowed` */
function matchHost(table: RouteTable, head: RequestHead): Match {
  const route = findByHost(table, head)
  if (route !== null) return { route, ...splitTarget(head.target) }
  throw new RefusedError('target-not-allowed', 'no route has this host name')
}

/** Every path is the upstream's; `Host` is Sidekey's own or one of the route's, or a web page might be behind it. */
function matchOwnListener(table: RouteTable, head: RequestHead, listen: string): Match {
  const route = table.byListen.get(listen)
  if (route === undefined) throw new RefusedError('no-route', 'this listener has no route any more')
  if (!head.target.startsWith('/')) throw new MalformedHeadError('the request target is not a path')
  if (!table.ownNames.has(head.hostname) && findByHost(table, head) !== route) {
    throw new RefusedError('host-not-allowed', 'the route of this listener has another host name')
  }
  return { route, ...splitTarget(head.target) }
}

/** What comes out of TLS or a tunnel speaks to a server, not to a proxy, and HTTP/1.1 only. */
function vetInner(head: RequestHead): void {
  if (!head.target.startsWith('/')) throw new MalformedHeadError('the request target is not a path')
  const { fields } = head
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() === 'upgrade' && /\bh2c\b/i.test(fields[i + 1] ?? '')) {
      throw new RefusedError('upgrade-not-supported', 'HTTP/2 is not supported here')
    }
  }
}

function portOf(head: RequestHead, defaultPort: number): number {
  return head.port === '' ? defaultPort : Number(head.port)
}

function otherHost(): RefusedError {
  return new RefusedError('host-not-allowed', 'the connection was made for another host name')
}
