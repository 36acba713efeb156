import type { SourceFailure } from '../../kernel/ports/source-telemetry.ts'
import { memberOf, parseJson } from '../accept-value.ts'
import type { HttpAnswer } from '../http-client.ts'
import { SourceFault } from '../secret-fetcher.ts'

/** The errors that have a meaning of their own here; words of AWS, which show nothing of a request. */
const ERRORS: Readonly<Record<string, readonly [SourceFailure, string]>> = {
  ResourceNotFoundException: ['absent', 'look at the secret, its region and its versions'],
  AccessDeniedException: ['refused', 'allow secretsmanager:GetSecretValue for this secret'],
  DecryptionFailure: ['refused', 'allow kms:Decrypt for the key of the secret'],
  InvalidRequestException: ['refused', 'the secret may be marked for deletion'],
  ExpiredTokenException: ['refused', 'the credentials are over'],
  InvalidSignatureException: ['refused', 'look at the secret access key, and at the clock'],
  SignatureDoesNotMatch: ['refused', 'look at the secret access key, and at the clock'],
  UnrecognizedClientException: ['refused', 'look at the access key id'],
  InvalidClientTokenId: ['refused', 'look at the access key id'],
  ThrottlingException: ['throttled', 'look less often, by `refresh`'],
  TooManyRequestsException: ['throttled', 'look less often, by `refresh`'],
}
/** Those after which other credentials may help. */
const ABOUT_CREDENTIALS: ReadonlySet<string> = new Set([
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
])

/** Whether the answer refuses who asks, not what is asked. */
export function isAboutCredentials(answer: HttpAnswer): boolean {
  return answer.status !== 200 && ABOUT_CREDENTIALS.has(errorTypeOf(answer))
}

/** Such as `AccessDeniedException`; empty where the answer names none. */
export function errorTypeOf({ text }: HttpAnswer): string {
  const type = memberOf(parseJson(text), '__type')
  return typeof type === 'string' ? (type.split('#').at(-1) ?? '') : ''
}

/** @param type as `errorTypeOf` found it */
export function faultOf({ status, retryAfterMs }: HttpAnswer, type: string): SourceFault {
  const known = Object.hasOwn(ERRORS, type) ? ERRORS[type] : undefined
  if (known !== undefined) return new SourceFault(known[0], `${type}: ${known[1]}`, retryAfterMs)
  const reason = status === 429 ? 'throttled' : status < 500 ? 'refused' : 'unavailable'
  return new SourceFault(reason, `was answered with ${status}`, retryAfterMs)
}
