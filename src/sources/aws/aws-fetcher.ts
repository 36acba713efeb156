import type { AwsSource } from '../../kernel/secret-source.ts'
import { SecretValue } from '../../kernel/secret-value.ts'
import { signAwsRequest } from '../../signers/sigv4/sign-aws-request.ts'
import { acceptMember, acceptText, memberOf, parseJson } from '../accept-value.ts'
import type { HttpAnswer, HttpClient } from '../http-client.ts'
import {
  type FetcherDeps,
  type Fetched,
  type SecretFetcher,
  SourceFault,
} from '../secret-fetcher.ts'
import type { AwsCredentials, AwsSession } from './aws-credentials.ts'
import { errorTypeOf, faultOf, isAboutCredentials } from './fault-of.ts'
import { serviceOrigin } from './service-origin.ts'

const STAGES = { current: 'AWSCURRENT', previous: 'AWSPREVIOUS' } as const

/** Reads a secret of AWS Secrets Manager (API `GetSecretValue`, checked 2026-11-24). */
export class AwsFetcher implements SecretFetcher {
  readonly server: string
  readonly #source: AwsSource
  readonly #credentials: AwsCredentials
  readonly #http: HttpClient
  readonly #deps: FetcherDeps

  constructor(source: AwsSource, credentials: AwsCredentials, http: HttpClient, deps: FetcherDeps) {
    this.server = source.endpoint ?? serviceOrigin('secretsmanager', source.region)
    this.#source = source
    this.#credentials = credentials
    this.#http = http
    this.#deps = deps
  }

  async fetch(signal: AbortSignal): Promise<Fetched> {
    const session = await this.#credentials.session(signal)
    if (session instanceof SourceFault) return session
    const answer = await this.#call(session, signal)
    if (answer instanceof SourceFault || !isAboutCredentials(answer)) return this.#valueOf(answer)
    const next = await this.#credentials.sessionAfterRefusal(session, signal)
    if (next === null) return this.#valueOf(answer)
    return next instanceof SourceFault ? next : this.#valueOf(await this.#call(next, signal))
  }

  #call(session: AwsSession, signal: AbortSignal): Promise<HttpAnswer | SourceFault> {
    const { secretId, region, version } = this.#source
    const body = JSON.stringify({ SecretId: secretId, VersionStage: STAGES[version] })
    const fields = [
      'content-type',
      'application/x-amz-json-1.1',
      'x-amz-target',
      'secretsmanager.GetSecretValue',
    ]
    const signed = signAwsRequest(
      {
        method: 'POST',
        host: new URL(this.server).host,
        path: '/',
        query: null,
        fields,
        payload: Buffer.from(body, 'utf8'),
      },
      session,
      { region, service: 'secretsmanager' },
      this.#deps.clock.now(),
    )
    const headers = headersOf([...fields, ...signed])
    return this.#http.send(
      { method: 'POST', origin: this.server, path: '/', headers, body },
      signal,
    )
  }

  #valueOf(answer: HttpAnswer | SourceFault): Fetched {
    if (answer instanceof SourceFault) return answer
    if (answer.status !== 200) return faultOf(answer, errorTypeOf(answer))
    const body = parseJson(answer.text)
    const text = memberOf(body, 'SecretString')
    if (typeof text !== 'string') {
      return memberOf(body, 'SecretBinary') === undefined
        ? new SourceFault('invalid', 'the answer holds no secret')
        : new SourceFault('invalid', 'the secret is binary: store it as text')
    }
    const { key } = this.#source
    if (key === null) return acceptText(text)
    const document = parseJson(text)
    return typeof document === 'object' && document !== null
      ? acceptMember(document, key)
      : new SourceFault('invalid', 'the secret is no JSON object: correct it, or leave out `key`')
  }
}

/** Names and values in turn, as a mapping; the token of a session is one of the values, and wrapped. */
function headersOf(fields: readonly string[]): Record<string, string | SecretValue> {
  const headers: Record<string, string | SecretValue> = {}
  for (let i = 0; i + 1 < fields.length; i += 2) {
    headers[(fields[i] ?? '').toLowerCase()] = new SecretValue(fields[i + 1] ?? '')
  }
  return headers
}
