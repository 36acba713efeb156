/** What a token says. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * The claims of the token that the caller has sent as a bearer. Its signature is not looked at: the key of an app behind
 * Sidekey is a dummy. Null where there is no such token.
 */
export function callerClaims(authorization: string): Claims | null {
  const payload = /^bearer +[\w-]+\.([\w-]+)\.[\w-]* *$/i.exec(authorization)?.[1]
  if (payload === undefined) return null
  try {
    const value: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
