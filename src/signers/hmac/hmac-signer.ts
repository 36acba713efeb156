import type { Random } from '../../kernel/ports/random.ts'
import type { Signer } from '../../kernel/ports/signer.ts'
import type { HmacSpec } from '../../kernel/signing.ts'
import { coversBody, signHmac } from './sign-hmac.ts'

/** Signs by the template of the configuration. */
export function createHmacSigner(spec: HmacSpec, random: Random): Signer {
  return {
    needsBody: coversBody(spec),
    headerNames: spec.headers.map(({ name }) => name.toLowerCase().replaceAll('_', '-')),
    bearerNames: [],
    parameterNames: [],
    sign: ({ value: secret }, publicValues, { origin, ...request }) =>
      signHmac(spec, {
        ...request,
        secret,
        publicValues,
        host: new URL(origin).host,
        nonce: random.id(),
      }),
  }
}
