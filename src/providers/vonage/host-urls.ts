/** The hosts of the provider, by the alias that stands in a reverse path: `/{route}/{alias}/…`. */
export type HostAlias = 'api' | 'rest' | 'video' | 'eu'

export const HOST_ALIASES: readonly HostAlias[] = ['api', 'rest', 'video', 'eu']

/** Origin of each host, without a path and without a final slash. */
export type BaseUrls = Readonly<Record<HostAlias, string>>

/** Where the official SDKs of 2026 send their calls; checked 2026-11-23. */
export const REAL: BaseUrls = {
  api: 'https://api.nexmo.com',
  rest: 'https://rest.nexmo.com',
  video: 'https://video.api.vonage.com',
  eu: 'https://api-eu.vonage.com',
}

type GivenUrls = Partial<Record<HostAlias, string | undefined>>

/** Those of the configuration are one object for all accounts that have the same. */
const resolved = new WeakMap<GivenUrls, BaseUrls>()

/** The real hosts, replaced where the configuration names another one (tests, the emulator, a gateway). */
export function resolveBaseUrls(given: GivenUrls = REAL): BaseUrls {
  const known = resolved.get(given)
  if (known !== undefined) return known
  const origin = (alias: HostAlias) => new URL(given[alias] ?? REAL[alias]).origin
  const urls = {
    api: origin('api'),
    rest: origin('rest'),
    video: origin('video'),
    eu: origin('eu'),
  }
  resolved.set(given, urls)
  return urls
}
