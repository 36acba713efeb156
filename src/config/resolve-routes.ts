import type { AllowRule, AuthFailureRule, Injection, Route } from '../kernel/route.ts'
import { checkAuthFailure } from './check-auth-failure.ts'
import { checkInjections } from './check-injections.ts'
import type { Findings } from './findings.ts'
import { formatListenAddress, type ListenAddress } from './listen-address.ts'
import { accountsOf, checkSelectable, findCredentials } from './route-credentials.ts'
import type { Catalog } from './provider-module.ts'
import { Refusal } from './refusal.ts'
import { type AllowKeys, type ExplicitRoute, explicitRoute, presetRoute } from './schema-route.ts'
import type { Credential } from './types.ts'
import type { Path } from './yaml-document.ts'
import { parsePart } from './zod-issues.ts'

/** One entry of `routes:` and what it expands to. */
export interface ResolvedRoute {
  readonly path: Path
  readonly name: string
  readonly routes: readonly Route[]
}

export interface RouteContext {
  readonly catalog: Catalog
  /** By id. */
  readonly credentials: ReadonlyMap<string, Credential>
  /** Every id of the file, those of entries with errors included. */
  readonly credentialIds: ReadonlySet<string>
  readonly findings: Findings
}

/** Reads `routes:`. What is wrong lands in `findings`; such an entry is left out. */
export function resolveRoutes(
  entries: readonly unknown[],
  context: RouteContext,
): readonly ResolvedRoute[] {
  const schema = presetRoute(context.catalog.presets.map(({ name }) => name))
  return entries.flatMap((entry, index) => {
    const path = ['routes', index]
    const resolved = isPreset(entry)
      ? resolvePreset(schema, entry, path, context)
      : resolveExplicit(entry, path, context)
    return resolved ?? []
  })
}

function isPreset(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && Object.hasOwn(entry, 'preset')
}

function resolvePreset(
  schema: ReturnType<typeof presetRoute>,
  entry: unknown,
  path: Path,
  context: RouteContext,
): ResolvedRoute | null {
  const { catalog, findings } = context
  const keys = parsePart(schema, entry, path, findings)
  if (keys === null) return null
  const chosen = findCredentials(keys, path, context)
  const preset = catalog.presets.find(({ name }) => name === keys.preset)
  if (chosen === null || preset === undefined) return null
  const name = keys.name ?? chosen[0].id
  const expand = ({ options }: Credential) =>
    preset.routes({
      name,
      credentialIds: chosen.map(({ id }) => id),
      options,
      allow: allowRules(keys.allow),
    })
  const [first, ...others] = chosen
  const routes = expand(first)
  checkSameHosts(routes, others.map(expand), path, findings)
  const accounts = accountsOf(chosen)
  const masking = routes.map((route) => ({ ...route, accounts, ...masks(keys) }))
  const listening = withListeners(masking, keys.listen ?? {}, [...path, 'listen'], findings)
  const injections = routes.flatMap(({ endpoints }) => endpoints.flatMap(({ inject }) => inject))
  for (const credential of chosen) {
    checkInjections(injections, credential, [...path, 'credential'], findings)
  }
  return { path, name, routes: listening }
}

/** The credentials of one preset go to the same hosts, or a secret would go to another's. */
function checkSameHosts(
  routes: readonly Route[],
  expanded: readonly (readonly Route[])[],
  path: Path,
  findings: Findings,
): void {
  const originsOf = (each: readonly Route[]) => each.map(({ upstream }) => upstream.origin).join()
  if (expanded.every((each) => originsOf(each) === originsOf(routes))) return
  const remedy = 'give the credentials the same base URLs, or routes of their own'
  findings.error([...path, 'credentials'], new Refusal('lead to different hosts', remedy))
}

/** Puts each listener on the host of its alias, the last segment of the path prefix. */
function withListeners(
  routes: readonly Route[],
  listeners: Readonly<Record<string, ListenAddress>>,
  path: Path,
  findings: Findings,
): readonly Route[] {
  const aliasOf = ({ pathPrefix }: Route) => pathPrefix?.split('/').at(-1) ?? ''
  const aliases = routes.map(aliasOf)
  for (const alias of Object.keys(listeners).filter((word) => !aliases.includes(word))) {
    const remedy = `use one of: ${aliases.join(', ')}`
    findings.error([...path, alias], new Refusal('is no host of the preset', remedy))
  }
  return routes.map((route) => {
    const own = Object.entries(listeners).find(([alias]) => alias === aliasOf(route))?.[1]
    return own === undefined ? route : { ...route, listen: formatListenAddress(own) }
  })
}

function resolveExplicit(entry: unknown, path: Path, context: RouteContext): ResolvedRoute | null {
  const { findings } = context
  const keys = parsePart(explicitRoute, entry, path, findings)
  if (keys === null) return null
  if (keys.upstream.plain && !keys.insecure) {
    findings.error(
      [...path, 'upstream'],
      new Refusal(
        'would send the secret unencrypted to another host',
        'use https, or say `insecure: true` on this route',
      ),
    )
  }
  if (keys.pins !== undefined && keys.upstream.origin.startsWith('http:')) {
    findings.error([...path, 'pins'], new Refusal('need https', 'use https, or leave them out'))
  }
  const authFailure = authFailureRules(keys, path, findings)
  const chosen = findCredentials(keys, path, context)
  if (chosen === null) return null
  const inject = Array.isArray(keys.inject) ? keys.inject : [keys.inject]
  for (const credential of chosen) {
    checkInjections(inject, credential, [...path, 'inject'], findings)
  }
  checkSelectable(chosen, inject, path, findings)
  const name = keys.name ?? chosen[0].id
  return { path, name, routes: [build(name, chosen, keys, inject, authFailure)] }
}

function build(
  name: string,
  credentials: readonly Credential[],
  keys: ExplicitRoute,
  inject: readonly Injection[],
  authFailure: readonly AuthFailureRule[],
): Route {
  const { match, upstream, insecure } = keys
  return {
    name,
    pathPrefix: match?.pathPrefix ?? (match?.host === undefined ? `/${name}` : null),
    hosts: [match?.host ?? []].flat(),
    upstream: {
      origin: upstream.origin,
      insecure,
      ...(keys.http2 === undefined ? {} : { http2: keys.http2 }),
      ...(keys.pins === undefined ? {} : { pins: keys.pins }),
    },
    ...(keys.listen === undefined ? {} : { listen: formatListenAddress(keys.listen) }),
    credentialIds: credentials.map(({ id }) => id),
    accounts: accountsOf(credentials),
    allow: allowRules(keys.allow),
    endpoints: [{ paths: ['/**'], inject, authFailure }],
    ...masks(keys),
  }
}

function masks({ maskBody }: { readonly maskBody: boolean }): Pick<Route, 'maskBody'> {
  return maskBody ? { maskBody } : {}
}

function allowRules(allow: AllowKeys): readonly AllowRule[] | null {
  return (
    allow?.map(({ methods, paths }) => ({ methods: methods ?? null, paths: paths ?? ['/**'] })) ??
    null
  )
}

/** The default says what nearly every API does. */
function authFailureRules(
  keys: ExplicitRoute,
  path: Path,
  findings: Findings,
): readonly AuthFailureRule[] {
  return (keys.authFailure ?? [{ status: 401 }]).map((rule, index) =>
    checkAuthFailure(rule, [...path, 'authFailure', index], findings),
  )
}
