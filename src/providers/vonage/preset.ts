import type { AllowRule, Endpoint, Route } from '../../kernel/route.ts'
import { ENDPOINTS } from './endpoints.ts'
import { type BaseUrls, HOST_ALIASES, type HostAlias, REAL, resolveBaseUrls } from './host-urls.ts'
import type { VonageOptions } from './module.ts'

type GivenUrls = NonNullable<VonageOptions['baseUrls']>

interface VonagePresetInput {
  /** Of the route: the path prefix without its slash, and the label in metrics. */
  readonly name: string
  readonly credentialIds: readonly string[]
  readonly options: VonageOptions
  readonly allow: readonly AllowRule[] | null
}

/** What the routes of all accounts with the same base URLs have in common. */
type HostPart = Pick<Route, 'hosts' | 'upstream' | 'endpoints'> & { readonly alias: HostAlias }

/** Every API family of the provider: `/{name}/{alias}/…`, its own host names and those of `baseUrls` lead to its hosts. */
export const vonagePreset = {
  name: 'vonage',
  routes({ name, credentialIds, options, allow }: VonagePresetInput): readonly Route[] {
    return hostParts(options.baseUrls).map(({ alias, ...part }) => ({
      name,
      pathPrefix: `/${name}/${alias}`,
      ...part,
      credentialIds,
      allow,
    }))
  },
}

const knownParts = new WeakMap<GivenUrls, readonly HostPart[]>()

function hostParts(given: GivenUrls = REAL): readonly HostPart[] {
  const known = knownParts.get(given)
  if (known !== undefined) return known
  const baseUrls = resolveBaseUrls(given)
  const parts = HOST_ALIASES.map((alias) => ({
    alias,
    hosts: hostsOf(alias, baseUrls),
    upstream: { origin: baseUrls[alias], insecure: given.insecure ?? false },
    endpoints: endpointsOf(alias, baseUrls),
  }))
  knownParts.set(given, parts)
  return parts
}

/** Where `baseUrls` lead elsewhere, what clients have hard-coded leads there too. */
function hostsOf(alias: HostAlias, baseUrls: BaseUrls): readonly string[] {
  return [...new Set([REAL[alias], baseUrls[alias]].map((url) => new URL(url).hostname))]
}

/** Aliases that lead to one host name (an emulator) share their families, since by host the first of them is found. */
function endpointsOf(alias: HostAlias, baseUrls: BaseUrls): readonly Endpoint[] {
  const shared = HOST_ALIASES.filter(
    (other) => other !== alias && baseUrls[other] === baseUrls[alias],
  )
  return [alias, ...shared].flatMap((each) => ENDPOINTS[each])
}
