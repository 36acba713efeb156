import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import {
  AUTHORITY_LIFETIME_MS,
  CERTIFICATE_BACKDATE_MS,
  LEAF_LIFETIME_MS,
} from '../kernel/limits.ts'
import type { Random } from '../kernel/ports/random.ts'
import { authorityExtensions, keyId, leafExtensions } from './extensions.ts'
import { type DistinguishedName, signCertificate } from './sign-certificate.ts'

/** A key and the certificate of its public half. */
export interface Identity {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly certificate: X509Certificate
}

export type KeyPair = Pick<Identity, 'privateKey' | 'publicKey'>

/** A fresh key pair on P-256. */
export function generateKeys(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

/**
 * Makes the certificate of the authority: valid for a year at most, for servers of these hosts only. The same key may
 * get a new one: clients that know the old one go on as before, for the hosts that both name.
 */
export function issueAuthority(
  keys: KeyPair,
  hosts: readonly string[],
  nowMs: number,
  random: Random,
): Identity {
  const name = authorityName(keys.publicKey)
  const pem = signCertificate(
    {
      serial: random.id(),
      issuer: name,
      subject: name,
      ...validity(nowMs, AUTHORITY_LIFETIME_MS),
      publicKey: keys.publicKey,
      extensions: authorityExtensions(keys.publicKey, hosts),
    },
    keys.privateKey,
  )
  return { ...keys, certificate: new X509Certificate(pem) }
}

/** Makes the certificate of one host, with a key of its own, valid for a day at most. */
export function issueLeaf(
  authority: Identity,
  host: string,
  nowMs: number,
  random: Random,
): Identity {
  const keys = generateKeys()
  const { notBeforeMs, notAfterMs } = validity(nowMs, LEAF_LIFETIME_MS)
  const pem = signCertificate(
    {
      serial: random.id(),
      issuer: authorityName(authority.publicKey),
      // The name that counts is the alternative one; this one is for people, and has its limit.
      subject: { organization: 'Sidekey', commonName: host.length > 64 ? null : host },
      notBeforeMs,
      notAfterMs: Math.min(notAfterMs, Date.parse(authority.certificate.validTo)),
      publicKey: keys.publicKey,
      extensions: leafExtensions(keys.publicKey, authority.publicKey, host),
    },
    authority.privateKey,
  )
  return { ...keys, certificate: new X509Certificate(pem) }
}

/** Each installation's has its own name, or two of them in one trust store would be mistaken for one. */
function authorityName(key: KeyObject): DistinguishedName {
  const id = keyId(key).toString('hex').slice(0, 8)
  return { organization: 'Sidekey', commonName: `Sidekey local authority ${id}` }
}

/** The whole lifetime counts from a little before now, for clients whose clock is late. */
function validity(nowMs: number, lifetimeMs: number) {
  const notBeforeMs = nowMs - CERTIFICATE_BACKDATE_MS
  return { notBeforeMs, notAfterMs: notBeforeMs + lifetimeMs }
}
