import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/kernel/errors.ts'
import type { Injection } from '../../../src/kernel/route.ts'
import { fakeCatalog } from '../../fakes/catalog.ts'

const route = (inject: string) => `credentials:
  other: { provider: mounted, current: { file: /run/a }, previous: { file: /run/b } }
routes:
  - upstream: https://a.example
    credential: other
    inject: ${inject}
`
const parsed = (inject: string): Injection | undefined =>
  parseConfig(route(inject), fakeCatalog, {}).routes[0]?.endpoints[0]?.inject[0]

function errorsOf(inject: string): readonly string[] {
  try {
    parsed(inject)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues.map(({ path, message }) => `${path}: ${message}`)
  }
}

test('an HMAC has the defaults of the documentation', () => {
  const inject = parsed(
    `{ hmac: { sign: "{timestamp}\\n{body}", headers: { X-S: "{signature}" } } }`,
  )
  expect(inject).toEqual({
    kind: 'signed',
    signer: {
      kind: 'hmac',
      algorithm: 'sha256',
      key: 'utf8',
      output: 'hex',
      timestamp: 'seconds',
      bodyHash: { algorithm: 'sha256', output: 'hex' },
      sign: '{timestamp}\n{body}',
      headers: [{ name: 'X-S', template: '{signature}' }],
    },
  })
})

test('AWS takes the pair from the secret, and signs bodies, by default', () => {
  expect(parsed('{ sigv4: { region: eu-central-1, service: s3 } }')).toEqual({
    kind: 'signed',
    signer: {
      kind: 'sigv4',
      region: 'eu-central-1',
      service: 's3',
      accessKeyId: null,
      payload: 'signed',
    },
  })
})

test('what a token is asked for with becomes fields in their order', () => {
  const keys = `tokenUrl: "https://l.example/t?x=1", clientId: id, scope: [a, b], audience: c`
  const more = `resource: [https://r.example], parameters: { tenant: t }, lifetime: 1h`
  expect(parsed(`{ oauth2: { ${keys}, ${more} } }`)).toEqual({
    kind: 'token',
    oauth2: {
      tokenUrl: 'https://l.example/t?x=1',
      clientId: 'id',
      clientAuth: 'basic',
      lifetimeMs: 3_600_000,
      parameters: [
        { name: 'scope', value: 'a b' },
        { name: 'audience', value: 'c' },
        { name: 'resource', value: 'https://r.example' },
        { name: 'tenant', value: 't' },
      ],
    },
  })
})

test('placeholders name their places', () => {
  const places = 'in: [path, { header: X_Key }, { json: /a/b }], placeholder: "KEY.{name}~"'
  expect(parsed(`{ substitute: { ${places} } }`)).toEqual({
    kind: 'substitute',
    substitution: {
      before: 'KEY.',
      after: '~',
      bodies: 'read',
      surfaces: [
        { kind: 'path', name: null },
        { kind: 'header', name: 'x-key' },
        { kind: 'json', name: '/a/b' },
      ],
    },
  })
})

const HMAC = (sign: string, header: string, more = '') =>
  `{ hmac: { sign: "${sign}", headers: { X-S: "${header}" }${more} } }`

test.each([
  ['a signature that goes nowhere', HMAC('{body}', 'x'), 'does not write the signature'],
  ['an unknown word', HMAC('{apiKey}{body}', '{signature}'), 'asks for a word'],
  ['the secret in what is signed', HMAC('{secret}', '{signature}'), 'asks for a word'],
  ['a body in a header', HMAC('{path}', '{signature}{body}'), 'asks for a word'],
  ['an algorithm', HMAC('{body}', '{signature}', ', algorithm: crc32'), 'none of the words'],
  ['a region', '{ sigv4: { region: "Here!", service: s3 } }', 'no such name of AWS'],
  [
    'an id of nobody',
    '{ sigv4: { region: r, service: s, accessKeyId: "{x}" } }',
    'asks for a word',
  ],
  ['a client of nobody', '{ oauth2: { tokenUrl: "https://a.example/t" } }', 'asks for a word'],
  ['a token in the clear', '{ oauth2: { tokenUrl: "http://a.example/t" } }', 'unencrypted'],
  ['no URL', '{ oauth2: { tokenUrl: "a.example" } }', 'is no URL'],
  ['a URL with a user', '{ oauth2: { tokenUrl: "https://u:p@a.example/" } }', 'before its @'],
  ['no place', '{ substitute: { in: [] } }', ''],
  ['a marker that is short', '{ substitute: { in: [path], placeholder: "K_{name}" } }', 'no shape'],
  ['a marker to encode', '{ substitute: { in: [path], placeholder: "$KEY{name}" } }', 'no shape'],
  ['bodies that pass', '{ substitute: { in: [json], bodies: pass } }', 'bodies that pass'],
  ['company', '[{ substitute: { in: [path] } }, { bearer: "{secret}" }]', 'another placement'],
])('refused: %s', (_name, inject, message) => {
  const errors = errorsOf(inject)
  expect(errors.length).toBeGreaterThan(0)
  expect(errors.join('\n')).toContain(message)
  expect(errors.every((error) => error.startsWith('routes'))).toBe(true)
})
