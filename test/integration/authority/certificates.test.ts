import { X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { generateKeys, issueAuthority, issueLeaf } from '../../../src/authority/issue.ts'
import { CryptoRandom } from '../../../src/platform/crypto-random.ts'
import { AuthorityWorld } from './authority-world.ts'

const HOUR_MS = 3_600_000
const random = new CryptoRandom()
const nowMs = Date.now()

let world: AuthorityWorld
beforeEach(() => {
  world = new AuthorityWorld()
})
afterEach(() => world.close())

test('openssl verifies a leaf strictly, for its name', async () => {
  const authority = issueAuthority(generateKeys(), ['api.example', 'b.example'], nowMs, random)
  const ca = world.write('ca.pem', authority.certificate.toString())
  const leaf = world.write(
    'leaf.pem',
    issueLeaf(authority, 'api.example', nowMs, random).certificate.toString(),
  )
  const verify = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca]
  expect(await world.openssl(...verify, '-verify_hostname', 'api.example', leaf)).toMatch(/: OK\n$/)
  expect(await world.openssl(...verify, '-verify_hostname', 'b.example', leaf)).toMatch(
    /hostname mismatch/,
  )
})

test.each([
  ['a host that it was not made for', 'evil.example'],
  ['a name that ends like one of its hosts', 'evilapi.example'],
])('openssl refuses a leaf of %s, since the constraints of the authority do', async (_n, host) => {
  const authority = issueAuthority(generateKeys(), ['api.example'], nowMs, random)
  const ca = world.write('ca.pem', authority.certificate.toString())
  const leaf = world.write(
    'leaf.pem',
    issueLeaf(authority, host, nowMs, random).certificate.toString(),
  )
  expect(await world.openssl('verify', '-x509_strict', '-CAfile', ca, leaf)).toMatch(
    /permitted subtree violation/,
  )
})

test('an authority without hosts may speak for none', async () => {
  const authority = issueAuthority(generateKeys(), [], nowMs, random)
  const ca = world.write('ca.pem', authority.certificate.toString())
  const leaf = world.write(
    'leaf.pem',
    issueLeaf(authority, 'api.example', nowMs, random).certificate.toString(),
  )
  expect(await world.openssl('verify', '-CAfile', ca, leaf)).toMatch(/permitted subtree violation/)
})

test('row 56: the authority is what it says', async () => {
  const { certificate } = issueAuthority(generateKeys(), ['api.example'], nowMs, random)
  const text = await world.openssl(
    'x509',
    '-text',
    '-noout',
    '-in',
    world.write('ca.pem', certificate.toString()),
  )
  expect(text).toMatch(/Version: 3 \(0x2\)/)
  expect(text).toMatch(/Signature Algorithm: ecdsa-with-SHA256/)
  expect(text).toMatch(/NIST CURVE: P-256/)
  expect(text).toMatch(/Basic Constraints: critical\n\s+CA:TRUE, pathlen:0\n/)
  expect(text).toMatch(/Key Usage: critical\n\s+Certificate Sign\n/)
  expect(text).toMatch(
    /Name Constraints: critical\n\s+Permitted:\n\s+DNS:api\.example\n\s+Excluded:\n\s+IP:0\.0\.0\.0\/0\.0\.0\.0\n/,
  )
  const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / HOUR_MS / 24
  expect(days).toBe(365)
})

test('a leaf lives for a day, never longer than its authority, and can not sign', async () => {
  const authority = issueAuthority(generateKeys(), ['api.example'], nowMs, random)
  const { certificate } = issueLeaf(authority, 'api.example', nowMs, random)
  expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBe(24 * HOUR_MS)
  expect(certificate.ca).toBe(false)
  expect(certificate.verify(authority.publicKey)).toBe(true)
  expect(certificate.checkIssued(authority.certificate)).toBe(true)
  const lastDayMs = Date.parse(authority.certificate.validTo) - HOUR_MS
  const late = issueLeaf(authority, 'api.example', lastDayMs, random)
  expect(late.certificate.validTo).toBe(authority.certificate.validTo)
})

test('dates after 2049 and names above 64 characters can be read', async () => {
  const farMs = Date.UTC(2055, 4, 1, 12)
  const host = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`
  const authority = issueAuthority(generateKeys(), [host], farMs, random)
  const { certificate } = issueLeaf(authority, host, farMs, random)
  expect(new Date(certificate.validFrom).toISOString()).toBe('2055-05-01T11:00:00.000Z')
  expect(new X509Certificate(certificate.toString()).checkHost(host)).toBe(host)
})

test('serial numbers are positive, long and never the same', () => {
  const authority = issueAuthority(generateKeys(), ['api.example'], nowMs, random)
  const serials = Array.from(
    { length: 50 },
    () => issueLeaf(authority, 'api.example', nowMs, random).certificate.serialNumber,
  )
  expect(new Set(serials).size).toBe(50)
  expect(serials.filter((serial) => !/^[4-7][0-9A-F]{31}$/.test(serial))).toEqual([])
})
