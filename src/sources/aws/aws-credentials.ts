import type { AwsSource } from '../../kernel/secret-source.ts'
import { SecretValue } from '../../kernel/secret-value.ts'
import type { AwsKey } from '../../signers/sigv4/sign-aws-request.ts'
import type { HttpClient } from '../http-client.ts'
import { type FetcherDeps, readLogin, SourceFault } from '../secret-fetcher.ts'
import { containerSession } from './container-session.ts'
import { webIdentitySession } from './web-identity-session.ts'

/** Keys that sign, and until when; wall clock, infinite where nobody says. */
export interface AwsSession extends AwsKey {
  readonly endsAtMs: number
}

/** Temporary keys are replaced this long before their end. */
const RENEW_BEFORE_MS = 300_000

/**
 * Who asks AWS: the keys of the configuration, else what the platform gives, the first that is there: the environment, a
 * web identity (IRSA), a container's role (ECS, EKS Pod Identity). The metadata service of EC2 is not asked.
 */
export class AwsCredentials {
  readonly #source: AwsSource
  readonly #http: HttpClient
  readonly #deps: FetcherDeps
  #session: AwsSession | null = null

  constructor(source: AwsSource, http: HttpClient, deps: FetcherDeps) {
    this.#source = source
    this.#http = http
    this.#deps = deps
  }

  /** Temporary keys are kept until shortly before their end; others are read anew, since somebody may rotate them. */
  async session(signal: AbortSignal): Promise<AwsSession | SourceFault> {
    const session = this.#session
    const nowMs = this.#deps.clock.now()
    if (session !== null && nowMs < session.endsAtMs - RENEW_BEFORE_MS) return session
    const next = await this.#open(signal)
    if (next instanceof SourceFault) {
      return session !== null && nowMs < session.endsAtMs ? session : next
    }
    this.#session = Number.isFinite(next.endsAtMs) ? next : null
    this.#deps.keepSecret(`access key ${this.#source.region}`, secretsOf(next))
    return next
  }

  /** Null when there are no other keys to try. */
  async sessionAfterRefusal(
    refused: AwsSession,
    signal: AbortSignal,
  ): Promise<AwsSession | SourceFault | null> {
    this.#session = null
    const next = await this.session(signal)
    if (next instanceof SourceFault) return next
    return next.secretAccessKey.equals(refused.secretAccessKey) ? null : next
  }

  async #open(signal: AbortSignal): Promise<AwsSession | SourceFault> {
    if (this.#source.credentials !== null) return this.#configured(this.#source.credentials)
    const { env, clock } = this.#deps
    const fromEnvironment = environmentSession(env)
    if (fromEnvironment !== null) return fromEnvironment
    const { region } = this.#source
    const found =
      (await webIdentitySession(region, this.#http, this.#deps, signal)) ??
      (await containerSession(this.#http, this.#deps, signal))
    if (found === null) return NO_CREDENTIALS
    // Whoever gives keys that are over already would be asked again and again.
    return found instanceof SourceFault || found.endsAtMs > clock.now() ? found : OVER
  }

  async #configured(keys: NonNullable<AwsSource['credentials']>) {
    const secret = await readLogin('the secret access key', keys.secretAccessKey, this.#deps)
    if (secret instanceof SourceFault) return secret
    const token =
      keys.sessionToken && (await readLogin('the session token', keys.sessionToken, this.#deps))
    if (token instanceof SourceFault) return token
    return {
      accessKeyId: keys.accessKeyId,
      secretAccessKey: secret,
      sessionToken: token,
      endsAtMs: Infinity,
    }
  }
}

const NO_CREDENTIALS = new SourceFault(
  'refused',
  'there are no AWS credentials: give this process a role, or write `credentials`',
)
const OVER = new SourceFault('unavailable', 'the platform gave credentials that are over')

function environmentSession(env: FetcherDeps['env']): AwsSession | null {
  const id = env['AWS_ACCESS_KEY_ID']
  const secret = env['AWS_SECRET_ACCESS_KEY']
  const token = env['AWS_SESSION_TOKEN']
  if (!id || !secret) return null
  return {
    accessKeyId: id,
    secretAccessKey: new SecretValue(secret),
    sessionToken: token ? new SecretValue(token) : null,
    endsAtMs: Infinity,
  }
}

function secretsOf({ secretAccessKey, sessionToken }: AwsSession): readonly SecretValue[] {
  return sessionToken === null ? [secretAccessKey] : [secretAccessKey, sessionToken]
}
