import type { AuthorityPaths } from '../authority/authority-files.ts'
import type { SidekeyConfig } from '../config/types.ts'
import { baseUrlVariables } from './base-url-variables.ts'

/** Names and values, none of them secret. */
export type Variables = Readonly<Record<string, string>>

/** Calls to Sidekey itself, by base URL, go directly. */
const DIRECT = 'localhost,127.0.0.1,::1'

/**
 * Every variable by which common clients find a Sidekey with this configuration: base URLs, proxies in both cases (curl
 * reads `http_proxy` in lower case only, others in upper case), and what to trust.
 * @param authority the files of the local authority; null: none is needed
 * @param inherited the variables that a client has already; Java's one is prolonged
 */
export function clientEnvironment(
  config: SidekeyConfig,
  authority: AuthorityPaths | null,
  inherited: Readonly<Record<string, string | undefined>>,
): Variables {
  const { listen } = config.proxy
  if (listen.kind === 'unix') return trustVariables(authority, [], inherited)
  const host = listen.host === '0.0.0.0' || listen.host === '::' ? '127.0.0.1' : listen.host
  const written = host.includes(':') ? `[${host}]` : host
  const url = `http://${written}:${listen.port}`
  return {
    SIDEKEY_URL: url,
    ...baseUrlVariables(config, url),
    ...proxyVariables(config, url),
    ...trustVariables(authority, javaProxy(config, host, listen.port), inherited),
  }
}

/** Which schemes clients may send through the proxy: what it would refuse is left to go directly. */
function proxied({ proxy }: SidekeyConfig) {
  const { intercept, unrouted } = proxy.connect
  return { http: proxy.forward, https: intercept || unrouted === 'tunnel' }
}

function proxyVariables(config: SidekeyConfig, url: string): Variables {
  const { http, https } = proxied(config)
  return {
    ...(http ? { HTTP_PROXY: url, http_proxy: url } : {}),
    ...(https ? { HTTPS_PROXY: url, https_proxy: url } : {}),
    ...(http || https ? { NO_PROXY: DIRECT, no_proxy: DIRECT, NODE_USE_ENV_PROXY: '1' } : {}),
  }
}

function javaProxy(config: SidekeyConfig, host: string, port: number): readonly string[] {
  const { http, https } = proxied(config)
  const of = (scheme: string) => [`-D${scheme}.proxyHost=${host}`, `-D${scheme}.proxyPort=${port}`]
  return [
    ...(http ? of('http') : []),
    ...(https ? of('https') : []),
    ...(http || https ? ['-Dhttp.nonProxyHosts=localhost|127.*|[::1]'] : []),
  ]
}

/** Node takes one certificate more; the others take one file that has all of them. */
function trustVariables(
  authority: AuthorityPaths | null,
  javaOptions: readonly string[],
  inherited: Readonly<Record<string, string | undefined>>,
): Variables {
  const java = authority === null ? javaOptions : [...javaOptions, ...javaTrust(authority)]
  const before = inherited['JAVA_TOOL_OPTIONS']
  const options = [...(before === undefined || before === '' ? [] : [before]), ...java].join(' ')
  const forJava = java.length === 0 ? {} : { JAVA_TOOL_OPTIONS: options }
  if (authority === null) return forJava
  return {
    NODE_EXTRA_CA_CERTS: authority.certificate,
    SSL_CERT_FILE: authority.bundle,
    REQUESTS_CA_BUNDLE: authority.bundle,
    CURL_CA_BUNDLE: authority.bundle,
    AWS_CA_BUNDLE: authority.bundle,
    // Its core in C, which Python, Ruby, PHP and C++ use, knows no other.
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: authority.bundle,
    DENO_CERT: authority.certificate,
    ...forJava,
  }
}

function javaTrust({ javaBundle }: AuthorityPaths): readonly string[] {
  return [`-Djavax.net.ssl.trustStore=${javaBundle}`, '-Djavax.net.ssl.trustStoreType=JKS']
}
