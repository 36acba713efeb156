import { RefusedError } from '../../kernel/errors.ts'
import type { Signer, SignRequest } from '../../kernel/ports/signer.ts'
import { SecretValue } from '../../kernel/secret-value.ts'
import type { SigV4Spec } from '../../kernel/signing.ts'
import { type AwsKey, signAwsRequest } from './sign-aws-request.ts'

/** Signs as AWS wants it; what the caller's SDK has signed with a key of its own goes. */
export function createSigV4Signer(spec: SigV4Spec): Signer {
  return {
    needsBody: spec.payload === 'signed',
    headerNames: ['authorization', 'x-amz-content-sha256', 'x-amz-date', 'x-amz-security-token'],
    bearerNames: ['x-amz-security-token'],
    // Of a URL that was signed in its query.
    parameterNames: [
      'X-Amz-Algorithm',
      'X-Amz-Credential',
      'X-Amz-Date',
      'X-Amz-Expires',
      'X-Amz-Security-Token',
      'X-Amz-Signature',
      'X-Amz-SignedHeaders',
    ],
    sign: ({ value }, publicValues, request) => {
      const { method, origin, path, query, fields, nowMs } = request
      const { host } = new URL(origin)
      const payload = payloadOf(spec, request)
      const unsigned = { method, host, path, query, fields, payload }
      return signAwsRequest(unsigned, keyOf(spec, value, publicValues), spec, nowMs)
    },
  }
}

/** A body in chunks whose checksum follows it says so in the place of its hash; nothing of it is signed. */
const UNSIGNED_CHUNKS = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'

/** @throws RefusedError `body-not-injectable` for a body in chunks that the caller has signed, each by its key */
function payloadOf(
  { payload }: SigV4Spec,
  { callerFields, body }: SignRequest,
): Buffer | string | null {
  const at = callerFields.findIndex(
    (name, i) => i % 2 === 0 && name.toLowerCase() === 'x-amz-content-sha256',
  )
  const said = at < 0 ? '' : (callerFields[at + 1] ?? '')
  if (payload === 'unsigned') {
    if (said === UNSIGNED_CHUNKS) return said
    if (!said.startsWith('STREAMING-')) return 'UNSIGNED-PAYLOAD'
  } else if (!said.startsWith('STREAMING-')) {
    return body
  }
  throw new RefusedError(
    'body-not-injectable',
    'the body is signed in chunks; let the client send it without chunk signatures',
  )
}

/** @throws RefusedError `credential-unavailable` when the secret is no pair, and the configuration says no id */
function keyOf(
  { accessKeyId }: SigV4Spec,
  secret: SecretValue,
  publicValues: Readonly<Record<string, string>>,
): AwsKey {
  if (accessKeyId !== null) {
    const id = accessKeyId.replaceAll(/\{(\w+)\}/g, (_, word: string) => publicValues[word] ?? '')
    return { accessKeyId: id, secretAccessKey: secret, sessionToken: null }
  }
  const [, id, key, session] =
    /^([A-Za-z0-9_]+):([^:\s]+)(?::([\x21-\x7e]+))?$/.exec(secret.expose()) ?? []
  if (id === undefined || key === undefined) {
    throw new RefusedError('credential-unavailable', 'the secret is no pair of id and secret')
  }
  return {
    accessKeyId: id,
    secretAccessKey: new SecretValue(key),
    sessionToken: session === undefined ? null : new SecretValue(session),
  }
}
