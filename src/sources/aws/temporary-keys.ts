import { SecretValue } from '../../kernel/secret-value.ts'
import { SourceFault } from '../secret-fetcher.ts'
import type { AwsSession } from './aws-credentials.ts'

/** What STS and a container's endpoint give, as text; whatever is missing is undefined. */
export interface TemporaryKeys {
  readonly accessKeyId: unknown
  readonly secretAccessKey: unknown
  readonly sessionToken: unknown
  /** RFC 3339. */
  readonly expiration: unknown
}

/** @param whose for the fault, such as `the web identity` */
export function temporarySession(keys: TemporaryKeys, whose: string): AwsSession | SourceFault {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = keys
  const endsAtMs = typeof expiration === 'string' ? Date.parse(expiration) : NaN
  if (
    typeof accessKeyId !== 'string' ||
    typeof secretAccessKey !== 'string' ||
    typeof sessionToken !== 'string' ||
    Number.isNaN(endsAtMs)
  ) {
    return new SourceFault('unavailable', `${whose} gave no keys`)
  }
  return {
    accessKeyId,
    secretAccessKey: new SecretValue(secretAccessKey),
    sessionToken: new SecretValue(sessionToken),
    endsAtMs,
  }
}
