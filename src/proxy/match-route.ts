import { RefusedError } from '../kernel/errors.ts'
import type { CompiledEndpoint, CompiledRoute, RouteTable } from './compile-routes.ts'
import { MalformedHeadError } from './malformed-head.ts'
import type { RequestHead } from './read-head.ts'

/** Where a request goes, and what of its target goes with it, byte for byte. */
export interface Match {
  readonly route: CompiledRoute
  /** The upstream's path, without the query. */
  readonly path: string
  /** What stands behind the first `?`; null when there is none. */
  readonly query: string | null
}

/**
 * Finds the route: by the longest path prefix when the caller addresses Sidekey itself, by `Host` otherwise.
 * @throws RefusedError `no-route`, `host-not-allowed`, `malformed-request`
 */
export function matchRoute(table: RouteTable, head: RequestHead): Match {
  const { target } = head
  if (!target.startsWith('/')) refuseTarget(head)
  const { path, query } = splitTarget(target)
  const own = table.ownNames.has(head.hostname)
  if (own) {
    const found = table.byPrefix.find(path)
    if (found !== null) return { route: found.value, path: found.rest, query }
  }
  const byHost = matchHost(table, head, own)
  if (byHost !== null) return { route: byHost, path, query }
  if (!own) throw new RefusedError('host-not-allowed', 'no route has this host name')
  throw new RefusedError('no-route', 'no route has this path prefix')
}

/** Path and query of a target, byte for byte. */
export function splitTarget(target: string): Pick<Match, 'path' | 'query'> {
  const mark = target.indexOf('?')
  return mark < 0
    ? { path: target, query: null }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

/** The route that has the host which a caller names, as a proxy's target or by its certificate; null: none has. */
export function findByHost(
  table: RouteTable,
  authority: Pick<RequestHead, 'hostname' | 'port'>,
): CompiledRoute | null {
  return matchHost(table, authority, false)
}

/** The first endpoint whose paths match. @throws RefusedError `path-refused` when there is none */
export function matchEndpoint(
  { everywhere, endpoints }: CompiledRoute,
  path: string,
): CompiledEndpoint {
  const found = everywhere ?? endpoints.find((endpoint) => endpoint.matches(path))
  if (found === undefined) {
    throw new RefusedError('path-refused', 'no endpoint of the route has this path')
  }
  return found
}

/** Under Sidekey's own names a host route needs the upstream's port, or Sidekey's own port would select it too. */
function matchHost(
  table: RouteTable,
  { hostname, port }: Pick<RequestHead, 'hostname' | 'port'>,
  own: boolean,
): CompiledRoute | null {
  if (port !== '') {
    const exact = table.byHost.get(`${hostname}:${port}`)
    if (exact !== undefined) return exact
    if (own) return null
    if (port !== '443' && port !== '80') return null
  }
  return table.byHost.get(hostname) ?? null
}

/** Anything but a path: authority and asterisk forms, and the absolute form of a forward proxy, which is off. */
function refuseTarget(head: RequestHead): never {
  const found = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\\]*)/i.exec(head.target)
  const authority = found?.[1]
  if (authority === undefined) throw new MalformedHeadError('the request target is not a path')
  if (authority.includes('@'))
    throw new MalformedHeadError('the request target holds user information')
  const host = authority.toLowerCase().replace(/:\d*$/, '')
  if (host !== head.hostname) throw new MalformedHeadError('the request target and Host differ')
  throw new RefusedError('host-not-allowed', 'the forward proxy is off')
}
