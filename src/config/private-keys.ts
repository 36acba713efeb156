import type { Route } from '../kernel/route.ts'
import type { JwtAlgorithm } from '../kernel/signing.ts'

/** The algorithm by which a route signs tokens with a credential's own secret, by the credential; the first route's. */
export function privateKeys(routes: readonly Route[]): ReadonlyMap<string, JwtAlgorithm> {
  const found = new Map<string, JwtAlgorithm>()
  // Thousands of routes of one preset have the same endpoints.
  const known = new Map<Route['endpoints'], JwtAlgorithm | null>()
  for (const { credentialIds, endpoints } of routes) {
    const before = known.get(endpoints)
    const algorithm = before === undefined ? signingAlgorithm(endpoints) : before
    known.set(endpoints, algorithm)
    if (algorithm === null) continue
    for (const id of credentialIds) if (!found.has(id)) found.set(id, algorithm)
  }
  return found
}

function signingAlgorithm(endpoints: Route['endpoints']): JwtAlgorithm | null {
  for (const form of endpoints.flatMap(({ inject }) => inject)) {
    if (form.kind === 'signed' && form.from === undefined && form.signer.kind === 'jwt') {
      return form.signer.algorithm
    }
  }
  return null
}
