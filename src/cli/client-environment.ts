import { dirname } from 'node:path'
import type { AuthorityPaths } from '../authority/authority-files.ts'
import type { SidekeyConfig } from '../config/types.ts'
import { baseUrlVariables } from './base-url-variables.ts'
import { javaProxyOptions, proxyVariables } from './proxy-variables.ts'

/** Names and values, none of them secret. */
export type Variables = Readonly<Record<string, string>>

/**
 * Every variable by which common clients find a Sidekey with this configuration: base URLs, proxies, and what to trust.
 * @param authority the files of the local authority; null: none is needed
 * @param inherited the variables that a client has already: what it may reach directly, and options of Java's, stay
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
    ...proxyVariables(config, url, inherited),
    ...trustVariables(authority, javaProxyOptions(config, host, listen.port), inherited),
  }
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
    // An empty one stands for PHP's own folder.
    PHP_INI_SCAN_DIR: `${inherited['PHP_INI_SCAN_DIR'] ?? ''}:${dirname(authority.phpSettings)}`,
    ...forJava,
  }
}

function javaTrust({ javaBundle }: AuthorityPaths): readonly string[] {
  return [`-Djavax.net.ssl.trustStore=${javaBundle}`, '-Djavax.net.ssl.trustStoreType=JKS']
}
