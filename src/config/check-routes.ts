import type { Route } from '../kernel/route.ts'
import type { Findings } from './findings.ts'
import { isLoopback, type ListenAddress } from './listen-address.ts'
import { Refusal } from './refusal.ts'
import type { ResolvedRoute } from './resolve-routes.ts'
import type { ProxyConfig } from './types.ts'
import { parseUpstreamUrl } from './upstream-url.ts'
import type { Path } from './yaml-document.ts'

/**
 * Checks what the routes say together. `complete` is false where an entry was left out for its own errors.
 * @returns the routes in the order of the file; a host that an earlier entry has is taken out of the later one
 */
export function checkRoutes(
  resolved: readonly ResolvedRoute[],
  { proxy, complete }: { readonly proxy: ProxyConfig; readonly complete: boolean },
  findings: Findings,
): readonly Route[] {
  checkNames(resolved, findings)
  checkPrefixes(resolved, findings)
  // A client may mean a route that was left out.
  if (complete) checkClients(resolved, proxy, findings)
  for (const { path, routes } of resolved) {
    if (routes.some(({ upstream }) => isItself(upstream.origin, proxy.listen))) {
      findings.error(
        [...path, 'upstream'],
        new Refusal('is the address of the proxy itself', 'name the API that is meant'),
      )
    }
  }
  return separateHosts(resolved, findings)
}

function checkNames(resolved: readonly ResolvedRoute[], findings: Findings): void {
  const seen = new Set<string>()
  for (const { path, name } of resolved) {
    if (seen.has(name)) {
      findings.error(
        [...path, 'name'],
        new Refusal('is the name of an earlier route', 'give this route a `name` of its own'),
      )
    }
    seen.add(name)
  }
}

/** Two prefixes that differ in letter case only would be a trap. */
function checkPrefixes(resolved: readonly ResolvedRoute[], findings: Findings): void {
  const seen = new Map<string, string>()
  for (const { path, name, routes } of resolved) {
    for (const { pathPrefix } of routes) {
      const key = pathPrefix?.toLowerCase()
      if (key === undefined) continue
      const owner = seen.get(key)
      // The same name twice is said already.
      if (owner !== undefined && owner !== name) {
        findings.error(
          [...path, 'match', 'pathPrefix'],
          new Refusal('is the path prefix of an earlier route', 'give this route another one'),
        )
      }
      seen.set(key, name)
    }
  }
}

function checkClients(
  resolved: readonly ResolvedRoute[],
  { clients }: ProxyConfig,
  findings: Findings,
): void {
  const names = new Set(resolved.map(({ name }) => name))
  clients.forEach(({ routes }, client) =>
    routes?.forEach((name, index) => {
      if (names.has(name)) return
      findings.error(
        ['proxy', 'clients', client, 'routes', index],
        new Refusal(
          'refers to a route that does not exist',
          `name one of: ${[...names].join(', ') || 'none, since there are no routes'}`,
        ),
      )
    }),
  )
}

function isItself(origin: string, listen: ListenAddress): boolean {
  const url = parseUpstreamUrl(origin)
  if (listen.kind === 'unix' || listen.port === 0 || url instanceof Refusal) return false
  const host = url.host.replace(/^\[|\]$/g, '')
  return url.port === listen.port && (host === listen.host || isLoopback(host))
}

/** By host the first entry wins: a request without a prefix can't say which of two accounts it means. */
function separateHosts(resolved: readonly ResolvedRoute[], findings: Findings): readonly Route[] {
  const owners = new Map<string, Path>()
  return resolved.flatMap(({ path, routes }) => {
    const isOwn = (host: string, route: Route) =>
      (owners.get(hostKey(host, route)) ?? path) === path
    const separate = routes.map((route) => {
      const hosts = route.hosts.filter((host) => isOwn(host, route))
      if (hosts.length === route.hosts.length) return route
      return { ...route, hosts: hosts.length === 0 ? NO_HOSTS : hosts }
    })
    for (const route of separate) {
      for (const host of route.hosts) owners.set(hostKey(host, route), path)
    }
    if (separate.some((route, index) => route.hosts.length < (routes[index]?.hosts.length ?? 0))) {
      reportShared(path, separate, findings)
    }
    return separate
  })
}

/** Of all the routes that are found by their path prefix only. */
const NO_HOSTS: readonly string[] = []

/** Upstreams on other ports of one host, such as emulators, are told apart by the port in `Host`. */
function hostKey(host: string, { upstream }: Route): string {
  return `${host}:${new URL(upstream.origin).port}`
}

function reportShared(path: Path, routes: readonly Route[], findings: Findings): void {
  const refusal = new Refusal(
    'shares a host with an earlier route, which gets the requests by host',
    'reach this route by its path prefix',
  )
  const unreachable = routes.some(({ pathPrefix, hosts }) => pathPrefix === null && !hosts.length)
  if (unreachable) findings.error([...path, 'match', 'host'], refusal)
  else findings.warn(path, refusal)
}
