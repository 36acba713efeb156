import type { Route } from '../kernel/route.ts'
import type { JwtAlgorithm } from '../kernel/signing.ts'

/** The algorithm by which a route signs tokens with the credential's own secret; empty where none does. */
export function privateKeyFor(
  routes: readonly Route[],
  credentialId: string,
): { readonly privateKey?: JwtAlgorithm } {
  for (const { credentialIds, endpoints } of routes) {
    if (!credentialIds.includes(credentialId)) continue
    for (const form of endpoints.flatMap(({ inject }) => inject)) {
      if (form.kind === 'signed' && form.from === undefined && form.signer.kind === 'jwt') {
        return { privateKey: form.signer.algorithm }
      }
    }
  }
  return {}
}
