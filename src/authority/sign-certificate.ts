import { type KeyObject, sign } from 'node:crypto'
import { bitString, integer, oid, sequence, set, tagged, time, utf8String } from './der.ts'

/** What a certificate says; `signCertificate` writes it down. */
export interface CertificateContent {
  /** 32 hex digits, never used twice by one authority. */
  readonly serial: string
  readonly issuer: DistinguishedName
  readonly subject: DistinguishedName
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly publicKey: KeyObject
  readonly extensions: readonly Buffer[]
}

export interface DistinguishedName {
  readonly organization: string
  /** At most 64 characters; null for none. */
  readonly commonName: string | null
}

const ORGANIZATION = '2.5.4.10'
const COMMON_NAME = '2.5.4.3'
/** ECDSA over P-256 with SHA-256; it has no parameters (RFC 5758, section 3.2). */
const ALGORITHM = sequence(oid('1.2.840.10045.4.3.2'))

/**
 * Makes an X.509 v3 certificate (RFC 5280, section 4.1).
 * @param signingKey an EC key on P-256
 * @returns PEM
 */
export function signCertificate(content: CertificateContent, signingKey: KeyObject): string {
  const toBeSigned = sequence(
    tagged(0, integer(Buffer.of(2))),
    integer(serialBytes(content.serial)),
    ALGORITHM,
    nameOf(content.issuer),
    sequence(time(content.notBeforeMs), time(content.notAfterMs)),
    nameOf(content.subject),
    content.publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...content.extensions)),
  )
  const signature = sign('sha256', toBeSigned, signingKey)
  return toPem(sequence(toBeSigned, ALGORITHM, bitString(signature)))
}

/** Positive and never zero, at most 20 bytes: a bit at the top is set, the highest one is not. */
function serialBytes(hex: string): Buffer {
  const bytes = Buffer.from(hex, 'hex')
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes
}

function nameOf({ organization, commonName }: DistinguishedName): Buffer {
  const part = (type: string, text: string): Buffer => set(sequence(oid(type), utf8String(text)))
  const common = commonName === null ? [] : [part(COMMON_NAME, commonName)]
  return sequence(part(ORGANIZATION, organization), ...common)
}

function toPem(bytes: Buffer): string {
  const lines = bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}
