import type { AllowRule, Endpoint, Route } from '../../kernel/route.ts'
import { ENDPOINTS } from './endpoints.ts'
import { type BaseUrls, HOST_ALIASES, type HostAlias, REAL, resolveBaseUrls } from './host-urls.ts'
import type { VonageOptions } from './module.ts'

interface VonagePresetInput {
  /** Of the route: the path prefix without its slash, and the label in metrics. */
  readonly name: string
  readonly credentialIds: readonly string[]
  readonly options: VonageOptions
  readonly allow: readonly AllowRule[] | null
}

/** Every API family of the provider: `/{name}/{alias}/…`, its own host names and those of `baseUrls` lead to its hosts. */
export const vonagePreset = {
  name: 'vonage',
  routes({ name, credentialIds, options, allow }: VonagePresetInput): readonly Route[] {
    const baseUrls = resolveBaseUrls(options.baseUrls)
    return HOST_ALIASES.map((alias) => ({
      name,
      pathPrefix: `/${name}/${alias}`,
      hosts: hostsOf(alias, baseUrls),
      upstream: { origin: baseUrls[alias], insecure: options.baseUrls?.insecure ?? false },
      credentialIds,
      allow,
      endpoints: endpointsOf(alias, baseUrls),
    }))
  },
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
