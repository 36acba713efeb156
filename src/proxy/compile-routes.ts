import type { Endpoint, Injection, Route } from '../kernel/route.ts'
import type { RouteMeter } from '../kernel/ports/telemetry.ts'
import type { KnownClient } from './authenticate-client.ts'
import type { CredentialView } from './credential-view.ts'
import { compileDetector, type Detector } from './detect-auth-failure.ts'
import { FieldNames } from './field-names.ts'
import { compilePathPatterns, type PathMatcher } from './path-pattern.ts'
import {
  compilePlacement,
  headerNamesOf,
  needsWholeBody,
  type Placement,
  type PlacementParts,
} from './placement.ts'
import { PrefixIndex } from './prefix-index.ts'
import { UpstreamClock } from './upstream-clock.ts'
import type { UpstreamOrigin } from './upstream-origin.ts'
import { type AllowList, compileAllow } from './vet-path.ts'

/** Routes made ready for requests: nothing of this is built per request. A reload builds a new table. */
export interface RouteTable {
  readonly byPrefix: PrefixIndex<CompiledRoute>
  /** Keys are `name` and `name:port` of the upstream; the first route that claims a name has it. */
  readonly byHost: ReadonlyMap<string, CompiledRoute>
  /** Routes with a listener of their own, by its address as the configuration has it. */
  readonly byListen: ReadonlyMap<string, CompiledRoute>
  /** Names by which callers reach Sidekey itself. */
  readonly ownNames: ReadonlySet<string>
  /** Empty: every local caller is let in. */
  readonly clients: readonly KnownClient[]
  readonly replayBodyMaxBytes: number
  /** Whether absolute targets are taken, as a forward proxy does. */
  readonly forward: boolean
  readonly connect: ConnectPolicy
}

/** What CONNECT gets. */
export interface ConnectPolicy {
  /** TLS to hosts of routes ends here, under a certificate of the local authority. */
  readonly intercept: boolean
  /** Hosts without a route: refused, or connected through untouched. */
  readonly unrouted: 'refuse' | 'tunnel'
}

export interface CompiledRoute {
  readonly name: string
  readonly meter: RouteMeter
  readonly upstream: UpstreamOrigin
  /** That of a route that has one, as most have; else null. */
  readonly only: CompiledAccount | null
  /** What `only` sees, so that most requests need not look there. */
  readonly onlyView: CredentialView | null
  readonly allow: AllowList
  /** The first endpoint, where it has every path; else null. */
  readonly everywhere: CompiledEndpoint | null
  /** See `Route.maskBody`. */
  readonly maskBody: boolean
  /** Of the upstream; scheme, host and port. */
  readonly origin: string
  /** At least one. */
  readonly accounts: readonly CompiledAccount[]
  readonly endpoints: readonly CompiledEndpoint[]
  readonly clock: UpstreamClock
}

/** A credential of a route, with the further secrets of its account. */
export interface CompiledAccount extends CompiledSecret {
  /** By the name that placements call them by. */
  readonly materials: ReadonlyMap<string, readonly CompiledSecret[]>
}

/** One secret and the public words that select it. */
export interface CompiledSecret {
  readonly view: CredentialView
  readonly publicValues: Readonly<Record<string, string>>
}

export interface CompiledEndpoint {
  readonly matches: PathMatcher
  /** See `Endpoint.keyPath`. */
  readonly keyPath: string | null
  readonly placements: readonly Placement[]
  /** Canonical names of the header fields where a credential may stand. */
  readonly credentialNames: FieldNames
  /** Names of query parameters, form fields and JSON members (as pointers) where a credential may stand. */
  readonly parameterNames: ReadonlySet<string>
  readonly fieldNames: ReadonlySet<string>
  readonly pointers: ReadonlySet<string>
  /** Whether a credential may stand only in a body. */
  readonly bodyOnly: boolean
  /** Whether a request can only be written when its body is whole. */
  readonly needsBody: boolean
  /** Whether what an upstream refuses can be made anew, so that a request is worth sending again. */
  readonly renews: boolean
  /** Null: no answer of the upstream says that the credential is wrong. */
  readonly detector: Detector | null
}

export interface RouteParts extends PlacementParts {
  readonly meter: (route: string) => RouteMeter
  readonly upstream: (route: Route) => UpstreamOrigin
  readonly credential: (credentialId: string) => CredentialView
}

/** Compiles a configuration's routes into one table. */
export function compileRoutes(
  routes: readonly Route[],
  settings: Pick<RouteTable, 'ownNames' | 'clients' | 'replayBodyMaxBytes' | 'forward' | 'connect'>,
  parts: RouteParts,
): RouteTable {
  const byPrefix = new Map<string, CompiledRoute>()
  const byHost = new Map<string, CompiledRoute>()
  const byListen = new Map<string, CompiledRoute>()
  const endpointOf = sharedEndpoints(parts)
  for (const route of routes) {
    const compiled = compileRoute(route, parts, endpointOf)
    if (route.pathPrefix !== null) byPrefix.set(route.pathPrefix, compiled)
    if (route.listen != null) byListen.set(route.listen, compiled)
    const port = new URL(route.upstream.origin).port
    for (const host of route.hosts) {
      for (const key of port === '' ? [host] : [`${host}:${port}`, host]) {
        if (!byHost.has(key)) byHost.set(key, compiled)
      }
    }
  }
  return { ...settings, byPrefix: new PrefixIndex(byPrefix), byHost, byListen }
}

type CompileEndpoint = (endpoint: Endpoint, route: Route) => CompiledEndpoint

/**
 * Routes of one preset have the same endpoints, and routes of one company write alike ones: these are compiled once, so
 * that a request finds what the one before it, by another route, has left in the processor's caches. A route's own tokens
 * are its own.
 */
function sharedEndpoints(parts: RouteParts): CompileEndpoint {
  const shared = new Map<Endpoint | string, CompiledEndpoint>()
  return (endpoint, route) => {
    const known = shared.get(endpoint)
    if (known !== undefined) return known
    const key = isPlain(endpoint) ? JSON.stringify(endpoint) : endpoint
    const compiled = shared.get(key) ?? compileEndpoint(endpoint, route, parts)
    if (compiled.placements.some(({ kind }) => kind === 'token')) return compiled
    shared.set(key, compiled)
    shared.set(endpoint, compiled)
    return compiled
  }
}

/** Whether its text says all of it: nothing that computes or holds a secret. */
function isPlain({ inject }: Endpoint): boolean {
  return inject.every(({ kind }) => PLAIN.has(kind))
}

const PLAIN: ReadonlySet<Injection['kind']> = new Set([
  'header',
  'basic',
  'bearer',
  'query',
  'form',
  'json',
])

function compileRoute(route: Route, parts: RouteParts, endpointOf: CompileEndpoint): CompiledRoute {
  const accounts = route.credentialIds.map((id) => compileAccount(id, route, parts))
  const endpoints = route.endpoints.map((endpoint) => endpointOf(endpoint, route))
  const hasAll = route.endpoints[0]?.paths.includes('/**') === true
  const only = accounts.length === 1 ? (accounts[0] ?? null) : null
  // What most requests read comes first, and so within one or two of a processor's lines.
  return {
    name: route.name,
    meter: parts.meter(route.name),
    upstream: parts.upstream(route),
    only,
    onlyView: only?.view ?? null,
    allow: compileAllow(route.allow),
    everywhere: hasAll ? (endpoints[0] ?? null) : null,
    maskBody: route.maskBody ?? false,
    origin: route.upstream.origin,
    accounts,
    endpoints,
    clock: new UpstreamClock(),
  }
}

function compileAccount(
  credentialId: string,
  { accounts = [] }: Route,
  { credential }: RouteParts,
): CompiledAccount {
  const known = accounts.find((account) => account.credentialId === credentialId)
  const materials = new Map<string, CompiledSecret[]>()
  for (const { name, credentialId: id, publicValues } of known?.materials ?? []) {
    const listed = materials.get(name) ?? []
    listed.push({ view: credential(id), publicValues })
    materials.set(name, listed)
  }
  return { view: credential(credentialId), publicValues: known?.publicValues ?? {}, materials }
}

function compileEndpoint(
  endpoint: Endpoint,
  { credentialIds }: Route,
  parts: RouteParts,
): CompiledEndpoint {
  const placements = endpoint.inject.map((injection) =>
    compilePlacement(injection, credentialIds, parts),
  )
  return {
    matches: compilePathPatterns(endpoint.paths),
    keyPath: endpoint.keyPath ?? null,
    placements,
    credentialNames: new FieldNames(placements.flatMap(headerNamesOf)),
    parameterNames: namesOf(placements, 'query'),
    fieldNames: namesOf(placements, 'form'),
    pointers: namesOf(placements, 'json'),
    bodyOnly: placements.every((place) => place.kind === 'form' || place.kind === 'json'),
    needsBody: placements.some(needsWholeBody),
    renews: placements.some(({ kind }) => kind === 'token' || kind === 'signed'),
    detector: compileDetector(endpoint.authFailure),
  }
}

function namesOf(
  placements: readonly Placement[],
  kind: 'query' | 'form' | 'json',
): ReadonlySet<string> {
  return new Set(
    placements.flatMap((place) => {
      if (place.kind === 'signed') return kind === 'query' ? place.signer.parameterNames : []
      const own = place.kind === 'signed-parameters' ? place.place : place.kind
      return own === kind && 'names' in place ? [...place.names] : []
    }),
  )
}
