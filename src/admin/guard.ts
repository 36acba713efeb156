import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { SecretValue } from '../kernel/secret-value.ts'
import { problem } from './problem.ts'

/**
 * Refuses what a browser sends on behalf of another site. The page's own calls carry an `Origin` as well: it must be the
 * very host that they are sent to. Rebinding a public name passes here and fails at the token.
 */
export const refuseForeignOrigin: MiddlewareHandler = async (c, next) => {
  const site = c.req.header('sec-fetch-site')
  const origin = c.req.header('origin')
  const foreign =
    site === 'cross-site' ||
    site === 'same-site' ||
    (origin !== undefined && origin.replace(/^https?:\/\//, '') !== c.req.header('host'))
  return foreign ? problem(c, 'origin-not-allowed') : next()
}

/**
 * Serves the page only under names that no stranger can register, so that a rebound public name reads nothing of it: IP
 * addresses, names without a dot, and the suffixes reserved for private use. Health and metrics answer under any name.
 */
export const refusePublicHost: MiddlewareHandler = async (c, next) => {
  const host = (c.req.header('host') ?? '').replace(/:\d+$/, '').toLowerCase()
  const isPrivate =
    /^(\d+\.){3}\d+$/.test(host) ||
    host.startsWith('[') ||
    !host.includes('.') ||
    /\.(localhost|local|internal|svc|test|home\.arpa)$/.test(host)
  return isPrivate ? next() : problem(c, 'host-not-allowed')
}

/**
 * Lets through who knows the admin token. Without a configured token the API does not exist: 404 rather than 403, since no
 * credential would help; the detail names the key to set.
 */
export function requireToken(
  token: () => SecretValue | null,
  refused: () => void,
): MiddlewareHandler {
  return async (c, next) => {
    const expected = token()
    if (expected === null) {
      return problem(c, 'admin-api-off', 'set admin.tokenFile in the configuration to turn it on')
    }
    const presented = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
    // Both sides are hashed first: equal lengths, and the same work whatever was sent.
    if (timingSafeEqual(sha256(presented ?? ''), sha256(expected.expose()))) return next()
    if (presented !== undefined) refused()
    c.header('WWW-Authenticate', 'Bearer realm="sidekey"')
    return problem(c, 'token-required', 'send it as Authorization: Bearer …')
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
