import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { SecretValue } from '../../kernel/secret-value.ts'
import type { JwtAlgorithm } from '../../kernel/signing.ts'

/** Shorter keys are refused by verifiers: RFC 7518, section 3.3. */
const RSA_BITS_MIN = 2048

/** Reads a private key in PEM; null for a text that is none, or none of this algorithm. */
export function privateKeyOf(secret: SecretValue, algorithm: JwtAlgorithm): KeyObject | null {
  const key = parse(secret)
  if (key === null) return null
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  switch (algorithm) {
    case 'RS256':
      return key.asymmetricKeyType === 'rsa' && modulusLength >= RSA_BITS_MIN ? key : null
    case 'ES256':
      return key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1' ? key : null
  }
}

function parse(secret: SecretValue): KeyObject | null {
  try {
    return createPrivateKey({ key: secret.expose(), format: 'pem' })
  } catch {
    // What OpenSSL says may quote what it has read.
    return null
  }
}
