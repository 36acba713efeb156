import { createHash, type KeyObject } from 'node:crypto'
import {
  bitString,
  boolean,
  integer,
  octetString,
  oid,
  sequence,
  tagged,
  taggedPrimitive,
} from './der.ts'

/** RFC 5280, section 4.2, as far as a local authority and its leaves need it. */
const SUBJECT_KEY_ID = '2.5.29.14'
const KEY_USAGE = '2.5.29.15'
const SUBJECT_ALT_NAME = '2.5.29.17'
const BASIC_CONSTRAINTS = '2.5.29.19'
const NAME_CONSTRAINTS = '2.5.29.30'
const AUTHORITY_KEY_ID = '2.5.29.35'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'

/** Numbers of the choices of a GeneralName. */
const DNS_NAME = 2
const IP_ADDRESS = 7

/** An authority that signs servers' certificates only, and no further authority. */
export function authorityExtensions(key: KeyObject, hosts: readonly string[]): readonly Buffer[] {
  const pathLengthZero = sequence(boolean(true), integer(Buffer.of(0)))
  return [
    extension(BASIC_CONSTRAINTS, pathLengthZero, 'critical'),
    // keyCertSign is bit 5.
    extension(KEY_USAGE, bitString(Buffer.of(0b0000_0100), 2), 'critical'),
    extension(EXTENDED_KEY_USAGE, sequence(oid(SERVER_AUTH))),
    nameConstraints(hosts),
    extension(SUBJECT_KEY_ID, octetString(keyId(key))),
  ]
}

/**
 * The names that the authority may speak for: these hosts, and no address. With no host it may speak for none, since an
 * absent list would allow every name (RFC 5280, section 4.2.1.10).
 */
export function nameConstraints(hosts: readonly string[]): Buffer {
  const names = hosts.length === 0 ? ['sidekey.invalid'] : hosts
  const permitted = names.map((host) => sequence(dnsName(host)))
  const anyAddress = [8, 32].map((bytes) =>
    sequence(taggedPrimitive(IP_ADDRESS, Buffer.alloc(bytes))),
  )
  const constraints = sequence(tagged(0, ...permitted), tagged(1, ...anyAddress))
  return extension(NAME_CONSTRAINTS, constraints, 'critical')
}

/** A server with one name. */
export function leafExtensions(
  key: KeyObject,
  authority: KeyObject,
  host: string,
): readonly Buffer[] {
  return [
    extension(BASIC_CONSTRAINTS, sequence(), 'critical'),
    // digitalSignature is bit 0.
    extension(KEY_USAGE, bitString(Buffer.of(0b1000_0000), 7), 'critical'),
    extension(EXTENDED_KEY_USAGE, sequence(oid(SERVER_AUTH))),
    extension(SUBJECT_ALT_NAME, sequence(dnsName(host))),
    extension(AUTHORITY_KEY_ID, sequence(taggedPrimitive(0, keyId(authority)))),
    extension(SUBJECT_KEY_ID, octetString(keyId(key))),
  ]
}

/** Names a public key: the first 160 bits of a hash of it (RFC 7093, section 2). */
export function keyId(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20)
}

function extension(id: string, content: Buffer, critical?: 'critical'): Buffer {
  const flag = critical === undefined ? [] : [boolean(true)]
  return sequence(oid(id), ...flag, octetString(content))
}

function dnsName(host: string): Buffer {
  return taggedPrimitive(DNS_NAME, Buffer.from(host, 'latin1'))
}
