import type { SecretValue } from '../kernel/secret-value.ts'
import type { JwtAlgorithm } from '../kernel/signing.ts'
import { privateKeyOf } from '../signers/jwt/private-key.ts'
import { Refusal } from './refusal.ts'

const KEYS: Readonly<Record<JwtAlgorithm, string>> = {
  RS256: 'an RSA key of at least 2048 bits',
  ES256: 'a key on the curve P-256',
}

/** Null for a private key that signs by this algorithm. Nothing of the text is shown. */
export function refuseKey(secret: SecretValue, algorithm: JwtAlgorithm): Refusal | null {
  if (privateKeyOf(secret, algorithm) !== null) return null
  return new Refusal(
    `is no private key for ${algorithm}`,
    `put the whole PEM there, without a passphrase: ${KEYS[algorithm]}`,
  )
}
