import { type KeyObject, sign } from 'node:crypto'
import type { JwtAlgorithm } from '../../kernel/signing.ts'
import type { Claims } from './caller-claims.ts'

/** Signs claims as a JWS in compact form: RFC 7515, section 3.1. */
export function mintToken(claims: Claims, key: KeyObject, algorithm: JwtAlgorithm): string {
  const signed = `${encode({ alg: algorithm, typ: 'JWT' })}.${encode(claims)}`
  // RFC 7518, section 3.4: the two numbers of the signature, not their DER form.
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url')
}
