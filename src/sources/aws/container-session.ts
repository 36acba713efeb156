import type { SecretValue } from '../../kernel/secret-value.ts'
import { memberOf, parseJson } from '../accept-value.ts'
import type { HttpClient } from '../http-client.ts'
import { type FetcherDeps, readLogin, SourceFault } from '../secret-fetcher.ts'
import type { AwsSession } from './aws-credentials.ts'
import { safeUrl } from './safe-url.ts'
import { temporarySession } from './temporary-keys.ts'

const ECS_ORIGIN = 'http://169.254.170.2'

/**
 * Keys of the role of a container: ECS, and EKS Pod Identity. Null where the platform names no endpoint.
 */
export async function containerSession(
  http: HttpClient,
  deps: FetcherDeps,
  signal: AbortSignal,
): Promise<AwsSession | SourceFault | null> {
  const { env } = deps
  const relative = env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI']
  const text = relative ? ECS_ORIGIN + relative : env['AWS_CONTAINER_CREDENTIALS_FULL_URI']
  if (!text) return null
  const url = safeUrl(text)
  if (url === null) {
    return new SourceFault('refused', 'AWS_CONTAINER_CREDENTIALS_FULL_URI names no safe endpoint')
  }
  const token = await authorization(deps)
  if (token instanceof SourceFault) return token
  const answer = await http.send(
    {
      method: 'GET',
      origin: url.origin,
      path: url.pathname + url.search,
      headers: { accept: 'application/json', ...(token === null ? {} : { authorization: token }) },
    },
    signal,
  )
  if (answer instanceof SourceFault) return answer
  if (answer.status !== 200) {
    const seen = `the container's role was answered with ${answer.status}`
    return new SourceFault('unavailable', seen, answer.retryAfterMs)
  }
  const body = parseJson(answer.text)
  return temporarySession(
    {
      accessKeyId: memberOf(body, 'AccessKeyId'),
      secretAccessKey: memberOf(body, 'SecretAccessKey'),
      sessionToken: memberOf(body, 'Token'),
      expiration: memberOf(body, 'Expiration'),
    },
    "the container's role",
  )
}

async function authorization(deps: FetcherDeps): Promise<SecretValue | SourceFault | null> {
  const path = deps.env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']
  const name = 'AWS_CONTAINER_AUTHORIZATION_TOKEN'
  if (!path && !deps.env[name]) return null
  const source = path ? ({ kind: 'file', path } as const) : ({ kind: 'env', name } as const)
  const token = await readLogin("the token of the container's role", source, deps)
  if (!(token instanceof SourceFault)) deps.keepSecret('container token', [token])
  return token
}
