import { RefusedError } from '../kernel/errors.ts'
import type { CompiledRoute } from './compile-routes.ts'
import type { CredentialView } from './credential-view.ts'

/**
 * The credential that a request uses. A route with several needs the caller's public key to choose by; until that is
 * read, such a request is refused rather than sent with somebody else's credential.
 * @throws RefusedError `credential-unknown`
 */
export function selectCredential(route: CompiledRoute): CredentialView {
  const [only, ...others] = route.credentials
  if (only === undefined || others.length > 0) {
    throw new RefusedError('credential-unknown', 'the route has several credentials')
  }
  return only
}
