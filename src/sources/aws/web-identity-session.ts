import { SecretValue } from '../../kernel/secret-value.ts'
import type { HttpClient } from '../http-client.ts'
import { type FetcherDeps, readLogin, SourceFault } from '../secret-fetcher.ts'
import type { AwsSession } from './aws-credentials.ts'
import { safeUrl } from './safe-url.ts'
import { serviceOrigin } from './service-origin.ts'
import { temporarySession } from './temporary-keys.ts'

/**
 * Exchanges a service account's token for keys (IRSA): STS `AssumeRoleWithWebIdentity`, which is not signed. Null where the
 * platform gives no such token. `AWS_ENDPOINT_URL_STS` moves it, as it does for AWS' own clients.
 */
export async function webIdentitySession(
  region: string,
  http: HttpClient,
  deps: FetcherDeps,
  signal: AbortSignal,
): Promise<AwsSession | SourceFault | null> {
  const { env } = deps
  const tokenFile = env['AWS_WEB_IDENTITY_TOKEN_FILE']
  const role = env['AWS_ROLE_ARN']
  if (!tokenFile || !role) return null
  const url = safeUrl(env['AWS_ENDPOINT_URL_STS'] || serviceOrigin('sts', region))
  if (url === null) return new SourceFault('refused', 'AWS_ENDPOINT_URL_STS names no safe endpoint')
  const token = await readLogin('the web identity', { kind: 'file', path: tokenFile }, deps)
  if (token instanceof SourceFault) return token
  deps.keepSecret('web identity', [token])
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: env['AWS_ROLE_SESSION_NAME'] || 'sidekey',
    WebIdentityToken: token.expose(),
  })
  const answer = await http.send(
    {
      method: 'POST',
      origin: url.origin,
      path: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new SecretValue(form.toString()),
    },
    signal,
  )
  if (answer instanceof SourceFault) return answer
  if (answer.status !== 200) {
    const reason = answer.status < 500 ? 'refused' : 'unavailable'
    const seen = `the web identity was answered with ${answer.status}: look at the role's trust`
    return new SourceFault(reason, seen, answer.retryAfterMs)
  }
  return temporarySession(
    {
      accessKeyId: element(answer.text, 'AccessKeyId'),
      secretAccessKey: element(answer.text, 'SecretAccessKey'),
      sessionToken: element(answer.text, 'SessionToken'),
      expiration: element(answer.text, 'Expiration'),
    },
    'the web identity',
  )
}

/** STS answers in XML; what is read of it are words without entities. */
function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>\\s*([^<&]+?)\\s*</${name}>`).exec(xml)?.[1]
}
