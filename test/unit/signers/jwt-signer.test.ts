import { generateKeyPairSync, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { createSigner } from '../../../src/signers/create-signer.ts'
import type { LiveVersion } from '../../../src/kernel/credential.ts'
import type { JwtSpec } from '../../../src/kernel/signing.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { liveVersion } from '../../fakes/version-source.ts'

const publicKeyEncoding = { type: 'spki', format: 'pem' } as const
const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const
const rsaOf = (modulusLength: number) =>
  generateKeyPairSync('rsa', { modulusLength, publicKeyEncoding, privateKeyEncoding })
const rsa = rsaOf(2048)
const otherRsa = rsaOf(2048)
const weak = rsaOf(1024)
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding, privateKeyEncoding })

const NOW_MS = 1_800_000_000_000
const PUBLIC = { applicationId: 'app-1' }

function signer(more: Partial<JwtSpec> = {}) {
  const spec: JwtSpec = {
    algorithm: 'RS256',
    lifetimeMs: 900_000,
    claims: [{ name: 'application_id', template: '{applicationId}' }],
    ...more,
  }
  const made = createSigner({ kind: 'jwt', ...spec }, new SeededRandom(1))
  const request = {
    method: 'GET',
    origin: 'https://api.example',
    path: '/',
    query: null,
    fields: [],
    body: null,
  }
  // As in a view: a version stays the same object for as long as its value is the same.
  const versions = new Map<string, LiveVersion>()
  return {
    made,
    token: (key: string, nowMs = NOW_MS, callerFields: readonly string[] = []): string => {
      const version = versions.get(key) ?? liveVersion(1, key)
      versions.set(key, version)
      const signed = made.sign(version, PUBLIC, { ...request, nowMs, callerFields })
      expect(signed[0]).toBe('Authorization')
      return String(signed[1]).replace('Bearer ', '')
    },
  }
}

const read = (token: string, part = 1): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString('utf8'))

function isSignedBy(token: string, key: string): boolean {
  const end = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  return verify(
    'sha256',
    Buffer.from(token.slice(0, end)),
    { key, dsaEncoding: 'ieee-p1363' },
    signature,
  )
}

const callers = (claims: unknown) => [
  'authorization',
  `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`,
]

test.each([
  ['RS256', rsa],
  ['ES256', ec],
] as const)('mints a token by %s, with time and identity of its own', (algorithm, pair) => {
  const token = signer({ algorithm }).token(pair.privateKey)
  expect(isSignedBy(token, pair.publicKey)).toBe(true)
  expect(read(token, 0)).toEqual({ alg: algorithm, typ: 'JWT' })
  expect(read(token)).toEqual({
    application_id: 'app-1',
    iat: NOW_MS / 1_000,
    exp: NOW_MS / 1_000 + 900,
    jti: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  })
})

test("keeps the caller's other claims, and nothing that it says of time, identity or application", () => {
  const acl = { paths: { '/*/users/**': {} } }
  const given = {
    sub: 'alice',
    acl,
    application_id: 'x',
    iat: 1,
    exp: 9e9,
    nbf: 9e9,
    jti: 'theirs',
  }
  const claims = read(signer().token(rsa.privateKey, NOW_MS, callers(given)))
  expect(claims).toMatchObject({ sub: 'alice', acl, application_id: 'app-1', iat: NOW_MS / 1_000 })
  expect(claims['nbf']).toBeUndefined()
  expect(claims['jti']).not.toBe('theirs')
})

test.each([
  ['Basic', ['Authorization', 'Basic YTpi']],
  ['no token', ['Authorization', 'Bearer placeholder']],
  ['no object', callers([1])],
  ['no JSON', ['Authorization', 'Bearer e30.AAAA.AAAA']],
  ['two fields', [...callers({ sub: 'a' }), ...callers({ sub: 'b' })]],
])('a caller with %s gets a token of our claims alone', (_name, fields) => {
  const claims = read(signer().token(rsa.privateKey, NOW_MS, fields))
  expect(Object.keys(claims).toSorted()).toEqual(['application_id', 'exp', 'iat', 'jti'])
})

test('a claim named __proto__ is a claim like any other', () => {
  const fields = [
    'Authorization',
    `Bearer e30.${Buffer.from('{"__proto__":{"x":1}}').toString('base64url')}.AA`,
  ]
  const token = signer().token(rsa.privateKey, NOW_MS, fields)
  expect(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).toContain('"iat"')
  expect(({} as Record<string, unknown>)['x']).toBeUndefined()
})

test('one token serves the same claims until a minute before its end; other claims have their own', () => {
  const { token } = signer()
  const first = token(rsa.privateKey)
  expect(token(rsa.privateKey, NOW_MS + 839_000)).toBe(first)
  expect(token(rsa.privateKey, NOW_MS + 839_000, callers({ sub: 'alice' }))).not.toBe(first)
  const second = token(rsa.privateKey, NOW_MS + 841_000)
  expect(second).not.toBe(first)
  expect(read(second)['iat']).toBe(NOW_MS / 1_000 + 841)
})

test.each([2, -2])('row 62: a clock that jumps by %i days makes a new token', (days) => {
  const { token } = signer()
  token(rsa.privateKey)
  const jumpedMs = NOW_MS + days * 86_400_000
  expect(read(token(rsa.privateKey, jumpedMs))['iat']).toBe(jumpedMs / 1_000)
})

test('another key makes tokens of its own, even under the same version id', () => {
  const { token } = signer()
  token(rsa.privateKey)
  const next = token(otherRsa.privateKey)
  expect(isSignedBy(next, otherRsa.publicKey)).toBe(true)
})

test.each([
  ['a text', 'canary'],
  ['a public key', rsa.publicKey],
  ['a key of another kind', ec.privateKey],
  ['a key that is too short', weak.privateKey],
])('refuses %s as a key, without showing it', (_name, key) => {
  expect(() => signer().token(key)).toThrow(
    expect.objectContaining({
      code: 'credential-unavailable',
      message: 'the secret is no private key for RS256',
    }),
  )
})

test('tells whether the caller names the application', () => {
  const { made } = signer()
  expect(made.named?.(callers({ application_id: 'app-1' }))?.(PUBLIC)).toBe(true)
  expect(made.named?.(callers({ application_id: 'app-2' }))?.(PUBLIC)).toBe(false)
  expect(made.named?.([])).toBeNull()
})
