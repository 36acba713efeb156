import type { SidekeyConfig } from '../config/types.ts'

type Inherited = Readonly<Record<string, string | undefined>>

/** Calls to Sidekey itself, by base URL, go directly. */
const DIRECT = ['localhost', '127.0.0.1', '::1']
/** Where clients look for a proxy, in both cases. */
const PROXY_NAMES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']
const DIRECT_NAMES = ['NO_PROXY', 'no_proxy']

/**
 * The variables by which clients find a proxy, in both cases (curl reads `http_proxy` in lower case only, others in upper
 * case). What went directly before still does, but for hosts of routes.
 * @param url of Sidekey itself
 */
export function proxyVariables(
  config: SidekeyConfig,
  url: string,
  inherited: Inherited,
): Readonly<Record<string, string>> {
  const { http, https } = proxied(config)
  const direct = directHosts(config, inherited)
  const ownProxy = http || https
  return {
    ...(http ? { HTTP_PROXY: url, http_proxy: url } : {}),
    ...(https ? { HTTPS_PROXY: url, https_proxy: url } : {}),
    ...(ownProxy || hasProxy(inherited) ? { NO_PROXY: direct, no_proxy: direct } : {}),
    ...(ownProxy ? { NODE_USE_ENV_PROXY: '1' } : {}),
  }
}

/** The same for Java, as options. */
export function javaProxyOptions(
  config: SidekeyConfig,
  host: string,
  port: number,
): readonly string[] {
  const { http, https } = proxied(config)
  const of = (scheme: string) => [`-D${scheme}.proxyHost=${host}`, `-D${scheme}.proxyPort=${port}`]
  return [
    ...(http ? of('http') : []),
    ...(https ? of('https') : []),
    ...(http || https ? ['-Dhttp.nonProxyHosts=localhost|127.*|[::1]'] : []),
  ]
}

/** Which schemes clients may send through the proxy: what it would refuse is left to go directly. */
function proxied({ proxy }: SidekeyConfig) {
  const { intercept, unrouted } = proxy.connect
  return { http: proxy.forward, https: intercept || unrouted === 'tunnel' }
}

function hasProxy(inherited: Inherited): boolean {
  return PROXY_NAMES.some((name) =>
    [name, name.toLowerCase()].some((variable) => (inherited[variable] ?? '') !== ''),
  )
}

function directHosts({ routes }: SidekeyConfig, inherited: Inherited): string {
  const routed = routes.flatMap(({ hosts }) => hosts)
  const before = DIRECT_NAMES.flatMap((name) => (inherited[name] ?? '').split(/[\s,]+/)).filter(
    (entry) => entry !== '' && !routed.some((host) => covers(entry, host)),
  )
  return [...new Set([...DIRECT, ...before])].join(',')
}

/** Whether some client takes the entry for this host: as its name, or as the end of it, with or without a star or a dot. */
function covers(entry: string, host: string): boolean {
  const name = entry
    .toLowerCase()
    .replace(/^\*?\.?/, '')
    .replace(/^([^:]*):\d+$/, '$1')
  return name === '' || host === name || host.endsWith(`.${name}`)
}
