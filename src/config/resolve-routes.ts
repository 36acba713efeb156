import type { AllowRule, AuthFailureRule, Injection, Route } from '../kernel/route.ts'
import { checkAuthFailure } from './check-auth-failure.ts'
import { unknownCredential } from './check-credentials.ts'
import { checkInjections } from './check-injections.ts'
import type { Findings } from './findings.ts'
import { formatListenAddress, type ListenAddress } from './listen-address.ts'
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
  readonly credentials: readonly Credential[]
  /** Every id of the file, those of entries with errors included. */
  readonly credentialIds: readonly string[]
  readonly findings: Findings
}

/** Reads `routes:`. What is wrong lands in `findings`; such an entry is left out. */
export function resolveRoutes(
  entries: readonly unknown[],
  context: RouteContext,
): readonly ResolvedRoute[] {
  return entries.flatMap((entry, index) => {
    const path = ['routes', index]
    const resolved = isPreset(entry)
      ? resolvePreset(entry, path, context)
      : resolveExplicit(entry, path, context)
    return resolved ?? []
  })
}

function isPreset(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && Object.hasOwn(entry, 'preset')
}

function resolvePreset(entry: unknown, path: Path, context: RouteContext): ResolvedRoute | null {
  const { catalog, findings } = context
  const names = catalog.presets.map(({ name }) => name)
  const keys = parsePart(presetRoute(names), entry, path, findings)
  if (keys === null) return null
  const credential = findCredential(keys.credential, path, context)
  const preset = catalog.presets.find(({ name }) => name === keys.preset)
  if (credential === null || preset === undefined) return null
  const name = keys.name ?? credential.id
  const routes = preset.routes({
    name,
    credentialIds: [credential.id],
    options: credential.options,
    allow: allowRules(keys.allow),
  })
  const masking = routes.map((route) => ({ ...route, ...masks(keys) }))
  const listening = withListeners(masking, keys.listen ?? {}, [...path, 'listen'], findings)
  const injections = routes.flatMap(({ endpoints }) => endpoints.flatMap(({ inject }) => inject))
  checkInjections(injections, credential, [...path, 'credential'], findings)
  return { path, name, routes: listening }
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
  const credential = findCredential(keys.credential, path, context)
  if (credential === null) return null
  const inject = Array.isArray(keys.inject) ? keys.inject : [keys.inject]
  checkInjections(inject, credential, [...path, 'inject'], findings)
  const name = keys.name ?? credential.id
  return { path, name, routes: [build(name, credential.id, keys, inject, authFailure)] }
}

function build(
  name: string,
  credentialId: string,
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
    credentialIds: [credentialId],
    allow: allowRules(keys.allow),
    endpoints: [{ paths: ['/**'], inject, authFailure }],
    ...masks(keys),
  }
}

function masks({ maskBody }: { readonly maskBody: boolean }): Pick<Route, 'maskBody'> {
  return maskBody ? { maskBody } : {}
}

function findCredential(id: string, path: Path, context: RouteContext): Credential | null {
  if (!context.credentialIds.includes(id)) {
    context.findings.error([...path, 'credential'], unknownCredential(id, context.credentialIds))
  }
  return context.credentials.find((credential) => credential.id === id) ?? null
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
