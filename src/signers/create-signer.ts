import { unreachable } from '../kernel/errors.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { Signer, SignerSpec } from '../kernel/ports/signer.ts'
import { createHmacSigner } from './hmac/hmac-signer.ts'
import { JwtSigner } from './jwt/jwt-signer.ts'
import { createSigV4Signer } from './sigv4/sigv4-signer.ts'

/** Builds a signer from what the configuration says. */
export function createSigner(spec: SignerSpec, random: Random): Signer {
  switch (spec.kind) {
    case 'hmac':
      return createHmacSigner(spec, random)
    case 'jwt':
      return new JwtSigner(spec, random)
    case 'sigv4':
      return createSigV4Signer(spec)
    default:
      return unreachable(spec)
  }
}
