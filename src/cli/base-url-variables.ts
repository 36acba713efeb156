import type { SidekeyConfig } from '../config/types.ts'

/** Hosts whose SDKs read their base URL from a variable, and the path that they expect in it. */
const BASE_URL_VARIABLES: Readonly<Record<string, readonly [name: string, path: string]>> = {
  'api.openai.com': ['OPENAI_BASE_URL', '/v1'],
  'api.anthropic.com': ['ANTHROPIC_BASE_URL', ''],
}

/**
 * A variable for each route with a path prefix, and those that SDKs read by themselves.
 * @param url of Sidekey itself, without a path
 */
export function baseUrlVariables(
  { routes }: Pick<SidekeyConfig, 'routes'>,
  url: string,
): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {}
  for (const { pathPrefix, hosts, upstream } of routes) {
    if (pathPrefix === null) continue
    variables[`SIDEKEY_${wordOf(pathPrefix.slice(1))}_URL`] = url + pathPrefix
    for (const host of [...hosts, new URL(upstream.origin).hostname]) {
      const known = BASE_URL_VARIABLES[host]
      if (known !== undefined) variables[known[0]] ??= url + pathPrefix + known[1]
    }
  }
  return variables
}

/** As names of variables are written. */
function wordOf(text: string): string {
  return text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
}
