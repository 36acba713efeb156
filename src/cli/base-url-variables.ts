import type { SidekeyConfig } from '../config/types.ts'
import type { Route } from '../kernel/route.ts'
import type { SigV4Spec } from '../kernel/signing.ts'

/** Hosts whose SDKs read their base URL from a variable, and the path that they expect in it. */
const BASE_URL_VARIABLES: Readonly<Record<string, readonly [name: string, path: string]>> = {
  'api.openai.com': ['OPENAI_BASE_URL', '/v1'],
  'api.anthropic.com': ['ANTHROPIC_BASE_URL', ''],
}

/** Services whose SDK has another name than their host, by the service models of botocore, looked at on 2026-11-28. */
const AWS_SERVICES: Readonly<Record<string, readonly string[]>> = {
  'cognito-idp': ['COGNITO_IDENTITY_PROVIDER'],
  email: ['SES', 'SESV2'],
  events: ['EVENTBRIDGE'],
  logs: ['CLOUDWATCH_LOGS'],
  monitoring: ['CLOUDWATCH'],
  secretsmanager: ['SECRETS_MANAGER'],
  states: ['SFN'],
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
  for (const route of routes) {
    const { pathPrefix, hosts, upstream } = route
    if (pathPrefix === null) continue
    variables[`SIDEKEY_${wordOf(pathPrefix.slice(1))}_URL`] = url + pathPrefix
    for (const host of [...hosts, new URL(upstream.origin).hostname]) {
      const known = BASE_URL_VARIABLES[host]
      if (known !== undefined) variables[known[0]] ??= url + pathPrefix + known[1]
    }
    for (const service of awsServices(route)) {
      variables[`AWS_ENDPOINT_URL_${service}`] ??= url + pathPrefix
    }
  }
  return variables
}

/** By service, since `AWS_ENDPOINT_URL` alone would lead the calls to all others here too. */
function awsServices({ endpoints, upstream }: Route): readonly string[] {
  const { service } = signatureOf(endpoints) ?? {}
  if (service === undefined) return []
  const { hostname } = new URL(upstream.origin)
  const [label = ''] = hostname.split('.')
  const name = hostname.endsWith('.amazonaws.com') ? label : service
  // The upstream is a bucket, and an SDK with a base URL writes the bucket into the path.
  if (service === 's3' && name !== 's3') return []
  return AWS_SERVICES[name] ?? [wordOf(name)]
}

function signatureOf(endpoints: Route['endpoints']): SigV4Spec | null {
  for (const place of endpoints.flatMap(({ inject }) => inject)) {
    if (place.kind === 'signed' && place.signer.kind === 'sigv4') return place.signer
  }
  return null
}

/** As names of variables are written. */
function wordOf(text: string): string {
  return text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
}
