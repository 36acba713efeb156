import { createHash, timingSafeEqual } from 'node:crypto'
import { RefusedError } from '../kernel/errors.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import type { RequestHead } from './read-head.ts'

/** A caller that is let in by its token. */
export interface ClientConfig {
  readonly name: string
  readonly token: SecretValue
  /** Names of routes; null: all of them. */
  readonly routes: readonly string[] | null
}

/** A client whose token is kept as its SHA-256, so that the comparison takes the same time for every guess. */
export interface KnownClient {
  readonly digest: Buffer
  readonly routes: ReadonlySet<string> | null
}

export function compileClients(clients: readonly ClientConfig[]): readonly KnownClient[] {
  return clients.map(({ token, routes }) => ({
    digest: sha256(token.expose()),
    routes: routes === null ? null : new Set(routes),
  }))
}

/**
 * Finds the caller by the token in `Sidekey-Client` or `Proxy-Authorization` (Bearer, or the password of Basic). Every
 * known client is compared, whichever fits.
 * @returns null when no clients are configured: everybody is let in
 * @throws RefusedError `client-auth-required`
 */
export function authenticateClient(
  clients: readonly KnownClient[],
  head: RequestHead,
): KnownClient | null {
  if (clients.length === 0) return null
  const digest = sha256(presentedToken(head))
  let found: KnownClient | null = null
  for (const client of clients) {
    if (timingSafeEqual(client.digest, digest)) found = client
  }
  if (found === null) {
    throw new RefusedError('client-auth-required', 'this listener asks for a client token')
  }
  return found
}

/**
 * The same client by the configuration of now: a reload may have taken its token, or its routes.
 * @param earlier who was let in before; null: everybody was
 * @throws RefusedError `client-auth-required`
 */
export function recognizeClient(
  clients: readonly KnownClient[],
  earlier: KnownClient | null,
): KnownClient | null {
  if (clients.length === 0) return null
  const found = clients.find(({ digest }) => earlier?.digest.equals(digest) === true)
  if (found !== undefined) return found
  throw new RefusedError(
    'client-auth-required',
    'the token of this connection is not known any more',
  )
}

/** @throws RefusedError `target-not-allowed` when the client may not use the route */
export function authorizeClient(client: KnownClient | null, route: string): void {
  if (client === null || client.routes === null || client.routes.has(route)) return
  throw new RefusedError('target-not-allowed', 'this client may not use the route')
}

function presentedToken(head: RequestHead): string {
  if (head.clientToken !== '') return head.clientToken
  const [scheme = '', value = ''] = head.proxyAuthorization.split(/ +/, 2)
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme.toLowerCase() !== 'basic') return ''
  const pair = Buffer.from(value, 'base64').toString('utf8')
  return pair.slice(pair.indexOf(':') + 1)
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
