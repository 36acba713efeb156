import { type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'

/** By how much a caller's clock may differ, in seconds. */
const LEEWAY_S = 60
const LIFETIME_MAX_S = 24 * 3_600

/** The public half of an application's key, and whose it is. */
export interface EmulatedApplication {
  readonly id: string
  readonly account: string
  readonly publicKey: KeyObject
}

/** A token that was sent, good or not. */
export interface PresentedToken {
  /** Null for one that names no known application. */
  readonly application: EmulatedApplication | null
  readonly accepted: boolean
}

const headerSchema = z.object({ alg: z.enum(['RS256', 'ES256']) })
const claimsSchema = z.object({
  application_id: z.string(),
  iat: z.number(),
  jti: z.string().min(1),
  exp: z.number().optional(),
  nbf: z.number().optional(),
})

/** Checks the token of a call; null where it carries none. */
export function verifyToken(
  authorization: string,
  applications: ReadonlyMap<string, EmulatedApplication>,
  nowMs: number,
): PresentedToken | null {
  const [, token, header = '', payload = '', signature = ''] =
    /^bearer +(([\w-]+)\.([\w-]+)\.([\w-]+)) *$/i.exec(authorization) ?? []
  if (token === undefined) return null
  const head = headerSchema.safeParse(decode(header)).data
  const claims = claimsSchema.safeParse(decode(payload)).data
  const application = applications.get(claims?.application_id ?? '') ?? null
  if (head === undefined || claims === undefined || application === null) {
    return { application, accepted: false }
  }
  const type = head.alg === 'RS256' ? 'rsa' : 'ec'
  const accepted =
    application.publicKey.asymmetricKeyType === type &&
    isInTime(claims, nowMs / 1_000) &&
    verify(
      'sha256',
      Buffer.from(`${header}.${payload}`),
      { key: application.publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    )
  return { application, accepted }
}

/** Without `exp` a token is good for 15 minutes. */
function isInTime(
  { iat, exp = iat + 900, nbf = iat }: z.infer<typeof claimsSchema>,
  nowS: number,
): boolean {
  const begun = Math.max(iat, nbf) - LEEWAY_S <= nowS
  return begun && nowS < exp + LEEWAY_S && exp - iat <= LIFETIME_MAX_S
}

function decode(segment: string): unknown {
  try {
    return JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}
