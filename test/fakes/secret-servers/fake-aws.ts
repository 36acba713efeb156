import { type FakeAnswer, type FakeCall, HttpFake } from './http-fake.ts'

/** Of a secret, the newest last; the last two are AWSCURRENT and AWSPREVIOUS. */
type Values = readonly (string | { readonly binary: string })[]

const SIGNED =
  /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]+)\/\d{8}\/([a-z0-9-]+)\/secretsmanager\/aws4_request, SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}$/

/**
 * AWS Secrets Manager's `GetSecretValue`, STS' `AssumeRoleWithWebIdentity` and the endpoint of a container's role, as AWS
 * documents them. It knows keys by their id and their session token; signatures are checked against moto, and by vectors.
 */
export class FakeAws extends HttpFake {
  readonly secrets = new Map<string, Values>()
  /** Session tokens by access key id; null: keys of a user. */
  readonly keys = new Map<string, string | null>([['AKIAEXAMPLE0000000001', null]])
  webIdentity = ''
  containerToken = ''
  /** When temporary keys end. */
  expiration = '2026-11-23T01:00:00Z'
  given = 0

  constructor() {
    super((call) => this.#route(call))
  }

  put(secretId: string, value: Values[number]): void {
    this.secrets.set(secretId, [...(this.secrets.get(secretId) ?? []), value])
  }

  #route(call: FakeCall): FakeAnswer {
    if (call.target === '/role') return this.#containerRole(call)
    if (call.body.startsWith('Action=')) return this.#assumeRole(new URLSearchParams(call.body))
    return this.#getSecretValue(call)
  }

  #getSecretValue({ headers, body }: FakeCall): FakeAnswer {
    const [, keyId] = SIGNED.exec(headers.authorization ?? '') ?? []
    if (keyId === undefined) return refusal('IncompleteSignatureException')
    const token = this.keys.get(keyId)
    if (token === undefined) return refusal('UnrecognizedClientException')
    if ((headers['x-amz-security-token'] ?? null) !== token) return refusal('ExpiredTokenException')
    if (headers['x-amz-target'] !== 'secretsmanager.GetSecretValue')
      return refusal('UnknownOperation')
    const { SecretId, VersionStage } = JSON.parse(body) as Record<string, string>
    const values = this.secrets.get(SecretId ?? '') ?? []
    const value = values.at(VersionStage === 'AWSPREVIOUS' ? -2 : -1)
    if (value === undefined) return refusal('ResourceNotFoundException')
    const content =
      typeof value === 'string' ? { SecretString: value } : { SecretBinary: value.binary }
    return { status: 200, body: { ...content, Name: SecretId, VersionStages: [VersionStage] } }
  }

  #assumeRole(form: URLSearchParams): FakeAnswer {
    if (form.get('WebIdentityToken') !== this.webIdentity) return { status: 400, body: '<Error/>' }
    const { AccessKeyId, SecretAccessKey, Token } = this.#temporaryKeys()
    return {
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
        <AccessKeyId>${AccessKeyId}</AccessKeyId><SecretAccessKey>${SecretAccessKey}</SecretAccessKey>
        <SessionToken>${Token}</SessionToken><Expiration>${this.expiration}</Expiration>
        </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    }
  }

  #containerRole({ headers }: FakeCall): FakeAnswer {
    if (headers.authorization !== this.containerToken) return { status: 401, body: {} }
    return { status: 200, body: { ...this.#temporaryKeys(), Expiration: this.expiration } }
  }

  #temporaryKeys() {
    this.given++
    const AccessKeyId = `ASIAEXAMPLE000000000${this.given}`
    const Token = `session-token-${this.given}`
    this.keys.set(AccessKeyId, Token)
    return { AccessKeyId, SecretAccessKey: `temporary-secret-key-${this.given}`, Token }
  }
}

function refusal(type: string): FakeAnswer {
  return { status: 400, body: { __type: type, Message: 'no' } }
}
