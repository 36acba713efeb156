import { RefusedError } from '../../kernel/errors.ts'

/** Claims are lists of rights at most; writing what is nested without end would take a stack without end. */
const DEPTH_MAX = 32

/** What a token says. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * The claims of the token that the caller has sent as a bearer. Its signature is not looked at: the key of an app behind
 * Sidekey is a dummy. Null where there is no such token.
 * @throws RefusedError `malformed-request` for claims that are nested too deeply
 */
export function callerClaims(authorization: string): Claims | null {
  const payload = /^bearer +[\w-]+\.([\w-]+)\.[\w-]* *$/i.exec(authorization)?.[1]
  const value = payload === undefined ? null : parse(payload)
  if (!isObject(value)) return null
  if (isWithin(value, DEPTH_MAX)) return value
  throw new RefusedError('malformed-request', 'the claims of the token are nested too deeply')
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}

function isWithin(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth > 0 && Object.values(value).every((each) => isWithin(each, depth - 1))
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
