import { createHash, createHmac } from 'node:crypto'
import type { SecretValue } from '../../kernel/secret-value.ts'
import { type AwsRequest, canonicalRequest } from './canonical-request.ts'

/** What signs. */
export interface AwsKey {
  /** Public. */
  readonly accessKeyId: string
  readonly secretAccessKey: SecretValue
  /** Of temporary credentials; null for those of a user. */
  readonly sessionToken: SecretValue | null
}

/** What a signature is good for. */
export interface AwsScope {
  /** Such as `eu-central-1`. */
  readonly region: string
  /** The signing name, such as `secretsmanager` or `s3`. */
  readonly service: string
}

/** A request that is still to be signed. */
export interface UnsignedAwsRequest extends Omit<AwsRequest, 'payloadHash'> {
  /** The whole body as it is sent, null for none; or what AWS takes in place of its hash, such as `UNSIGNED-PAYLOAD`. */
  readonly payload: Buffer | string | null
}

/**
 * Signs a request by AWS Signature Version 4, in its header: adds `X-Amz-Date`, `X-Amz-Content-Sha256`,
 * `X-Amz-Security-Token` and `Authorization`. Signed are `Host`, `Content-Type`, `Content-MD5` and every `X-Amz-…` field;
 * a proxy on the way may change any other.
 *
 * @param request its `fields` must hold none of those that are added
 * @param nowMs wall clock; AWS accepts five minutes of difference
 * @returns the fields to add: names and values in turn
 */
export function signAwsRequest(
  request: UnsignedAwsRequest,
  key: AwsKey,
  scope: AwsScope,
  nowMs: number,
): readonly string[] {
  const { payload } = request
  const payloadHash = typeof payload === 'string' ? payload : sha256(payload ?? '')
  const added = ['X-Amz-Date', amzDate(nowMs), 'X-Amz-Content-Sha256', payloadHash]
  if (key.sessionToken !== null) added.push('X-Amz-Security-Token', key.sessionToken.expose())
  const fields = [...request.fields, ...added].filter((_, i, all) => isSigned(nameAt(all, i)))
  return [
    ...added,
    'Authorization',
    authorizationOf({ ...request, fields, payloadHash }, key, scope, nowMs),
  ]
}

/** The value of `Authorization`. @param request every field of it is signed; `X-Amz-Date` is among them */
export function authorizationOf(
  request: AwsRequest,
  { accessKeyId, secretAccessKey }: Pick<AwsKey, 'accessKeyId' | 'secretAccessKey'>,
  { region, service }: AwsScope,
  nowMs: number,
): string {
  const date = amzDate(nowMs)
  const day = date.slice(0, 8)
  const scope = `${day}/${region}/${service}/aws4_request`
  const { hash, signedHeaders } = canonicalRequest(request, service)
  const dayKey = hmac(`AWS4${secretAccessKey.expose()}`, day)
  const signingKey = hmac(hmac(hmac(dayKey, region), service), 'aws4_request')
  const signature = hmac(signingKey, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash}`).toString('hex')
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`
}

function isSigned(name: string): boolean {
  return name === 'content-type' || name === 'content-md5' || name.startsWith('x-amz-')
}

/** Of the name or the value at this place. */
function nameAt(fields: readonly string[], index: number): string {
  return (fields[index - (index % 2)] ?? '').toLowerCase()
}

/** Such as `20150830T123600Z`. */
function amzDate(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[:-]/g, '')}Z`
}

function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest()
}
