import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/kernel/errors.ts'
import { fakeCatalog } from '../../fakes/catalog.ts'

const FILE = `store: { directory: /s, keyFile: /k }
credentials:
  one: { provider: acme, apiKey: aaaa, secret: { file: /1 } }
  two: { provider: acme, apiKey: bbbb, secret: { file: /2 } }
  moved: { provider: acme, apiKey: cccc, baseUrls: { api: "https://moved.example" }, secret: { file: /3 } }
  static: { provider: mounted, current: { file: /4 }, previous: { file: /5 } }
routes:
`
const parse = (route: string) => parseConfig(`${FILE}  - ${route}`, fakeCatalog, {})

function errorsOf(route: string): readonly string[] {
  try {
    parse(route)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues.map(({ path, message }) => `${path}: ${message}`)
  }
}

const EXPLICIT = 'name: r, upstream: "https://api.example"'
const BASIC = 'inject: { basic: { username: "{apiKey}" } }'

test('a route and a preset take several credentials, and know their public words', () => {
  const accounts = [
    { credentialId: 'one', publicValues: { apiKey: 'aaaa' }, materials: [] },
    { credentialId: 'two', publicValues: { apiKey: 'bbbb' }, materials: [] },
  ]
  const [explicit] = parse(`{ ${EXPLICIT}, credentials: [one, two], ${BASIC} }`).routes
  expect(explicit).toMatchObject({ credentialIds: ['one', 'two'], accounts })
  const [preset] = parse('{ preset: acme, credentials: [one, two] }').routes
  expect(preset).toMatchObject({ name: 'one', credentialIds: ['one', 'two'], accounts })
})

test.each([
  ['neither key', `${BASIC}`, ['routes[0].credential: is missing']],
  [
    'both keys',
    `credential: one, credentials: [two], ${BASIC}`,
    ['routes[0].credentials: stands beside `credential`'],
  ],
  [
    'an unknown one',
    `credentials: [one, twi], ${BASIC}`,
    ['routes[0].credentials[1]: refers to a credential that does not exist'],
  ],
  [
    'the same twice',
    `credentials: [one, one], ${BASIC}`,
    ['routes[0].credentials: can not be told apart by a public word'],
  ],
  [
    'one without a public word',
    'credentials: [one, static], inject: { query: { key: "{apiKey}", s: "{secret}" } }',
    [
      'routes[0].credentials: can not be told apart by a public word',
      'routes[0].inject: asks for a word that the credential does not have',
    ],
  ],
  [
    'no place to name one',
    'credentials: [one, two], inject: { header: X-Key }',
    ['routes[0].credentials: can not be named by a caller'],
  ],
])('refused with %s', (_name, keys, expected) => {
  expect(errorsOf(`{ ${EXPLICIT}, ${keys} }`)).toEqual(expected)
})

test('credentials of one preset that lead to different hosts are refused', () => {
  expect(errorsOf('{ preset: acme, credentials: [one, moved] }')).toEqual([
    'routes[0].credentials: lead to different hosts',
  ])
})

test('a token by a private key is read, and its credential is a private key then', () => {
  const { routes, credentials } = parse(
    `{ ${EXPLICIT}, credential: static, inject: { jwt: { algorithm: ES256, claims: { iss: me } } } }`,
  )
  const signer = {
    kind: 'jwt',
    algorithm: 'ES256',
    lifetimeMs: 900_000,
    claims: [{ name: 'iss', template: 'me' }],
  }
  expect(routes[0]?.endpoints[0]?.inject).toEqual([{ kind: 'signed', signer }])
  expect(credentials.map(({ id, privateKey }) => [id, privateKey])).toContainEqual([
    'static',
    'ES256',
  ])
})

test.each([
  ['{ claims: { exp: "1" } }', 'names a claim that is Sidekey’s own'],
  ['{ lifetime: 2d }', 'is no lifetime of a token'],
  ['{ claims: { iss: "{nobody}" } }', 'asks for a word that the credential does not have'],
  ['{ algorithm: HS256 }', ''],
])('jwt: %s is refused', (jwt, message) => {
  const errors = errorsOf(`{ ${EXPLICIT}, credential: one, inject: { jwt: ${jwt} } }`)
  expect(errors.length).toBeGreaterThan(0)
  expect(errors.join()).toContain(message)
})
