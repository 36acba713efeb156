import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Injection, RouteMaterial } from '../../../src/kernel/route.ts'
import { createSigner } from '../../../src/signers/create-signer.ts'
import { signParameters } from '../../../src/signers/parameters/sign-parameters.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'
import { Bench, type SendOptions } from './bench.ts'

/** Two accounts on one route; `a` has an application and a signature secret, `b` an application. */
const SECRETS = {
  a: 'SecretOfA-canary-Aa0',
  b: 'SecretOfB-canary-Bb1',
  sig: 'SignatureOfA-canary-Cc2',
}
const key = () =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
const material = (name: string, of: string, words: object): RouteMaterial => ({
  name,
  credentialId: `${of}/${name}`,
  publicValues: { apiKey: of.repeat(8), ...words },
})
const MATERIALS = {
  a: [material('apps', 'a', { app: 'app-a' }), material('signing', 'a', {})],
  b: [material('apps', 'b', { app: 'app-b' })],
}

const pair = [
  { name: 'api_key', template: '{apiKey}' },
  { name: 'api_secret', template: '{secret}' },
]
const signed = (place: 'form' | 'json'): Injection => ({
  kind: 'signed-parameters',
  from: 'signing',
  place,
  signature: {
    algorithm: 'sha256',
    parameters: [{ name: 'api_key', template: '{apiKey}' }],
    timestampName: 'timestamp',
    signatureName: 'sig',
  },
})
const PLACEMENTS: readonly Injection[] = [
  { kind: 'basic', username: '{apiKey}', password: '{secret}' },
  { kind: 'form', fields: pair },
  { kind: 'json', members: pair.map(({ name, template }) => ({ name: `/${name}`, template })) },
  { kind: 'query', parameters: pair },
  signed('form'),
  signed('json'),
  {
    kind: 'signed',
    from: 'apps',
    signer: {
      kind: 'jwt',
      algorithm: 'RS256',
      lifetimeMs: 900_000,
      claims: [{ name: 'app', template: '{app}' }],
    },
  },
]

let bench: Bench
beforeAll(async () => {
  const source = (
    id: string,
    secret: string,
    { publicValues }: Pick<RouteMaterial, 'publicValues'>,
  ) => new FakeVersionSource(id, [liveVersion(1, secret)], publicValues)
  const all = [
    source('a', SECRETS.a, { publicValues: { apiKey: 'aaaaaaaa' } }),
    source('b', SECRETS.b, { publicValues: { apiKey: 'bbbbbbbb' } }),
    ...[...MATERIALS.a, ...MATERIALS.b].map((each) =>
      source(each.credentialId, each.name === 'apps' ? key() : SECRETS.sig, each),
    ),
  ]
  bench = await Bench.start({
    endpoint: { inject: PLACEMENTS, keyPath: '/accounts/{apiKey}' },
    route: {
      credentialIds: ['a', 'b'],
      accounts: (['a', 'b'] as const).map((id) => ({
        credentialId: id,
        publicValues: { apiKey: id.repeat(8) },
        materials: MATERIALS[id],
      })),
    },
    config: { sources: new Map(all.map((each) => [each.credentialId, each])) },
    deps: { signer: (spec) => createSigner(spec, new SeededRandom(1)), signParameters },
  })
})
afterAll(() => bench.stop())
beforeEach(() => bench.upstream.requests.splice(0))

const basic = (user: string) => `Basic ${Buffer.from(`${user}:x`).toString('base64')}`
const bearer = (claims: string) => `Bearer e30.${Buffer.from(claims).toString('base64url')}.c2ln`
const form = (body: string, more: SendOptions = {}): SendOptions => ({
  method: 'POST',
  body,
  ...more,
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...more.headers },
})
const json = (body: string): SendOptions => ({
  method: 'POST',
  body,
  headers: { 'content-type': 'application/json' },
})

test.each<[string, SendOptions]>([
  [
    'Basic and query',
    { path: '/partner/x?api_key=bbbbbbbb', headers: { authorization: basic('aaaaaaaa') } },
  ],
  ['two Basic', { headers: { authorization: [basic('aaaaaaaa'), basic('bbbbbbbb')] } }],
  [
    'token and query',
    { path: '/partner/x?api_key=bbbbbbbb', headers: { authorization: bearer('{"app":"app-a"}') } },
  ],
  ['form and query', form('api_key=aaaaaaaa', { path: '/partner/x?api_key=bbbbbbbb' })],
  ['a form, twice', form('api_key=aaaaaaaa&api%5Fkey=%62bbbbbbb')],
  ['JSON, twice', json('{"api_key":"aaaaaaaa","api\\u005fkey":"\\u0062bbbbbbb"}')],
  ['none: an encoded path', { path: '/partner/accounts/%62bbbbbbb' }],
  [
    'none: a claim of a prototype',
    { headers: { authorization: bearer('{"__proto__":{"app":"app-a"}}') } },
  ],
  ['none: a key that is an object', json('{"api_key":{"toString":1}}')],
  ['none: a key that is a list', json('{"api_key":["aaaaaaaa"]}')],
  ['none: a template', { path: '/partner/x?api_key={apiKey}' }],
])('a request that names two accounts, or none, is refused: %s', async (_name, options) => {
  const refused = await bench.send(options)
  expect([refused.status, refused.headers['sidekey-error']]).toEqual([403, 'credential-unknown'])
  expect(bench.upstream.requests).toEqual([])
  // Nor does the answer tell which keys there are.
  expect(refused.body.toString()).not.toMatch(/a{8}|b{8}|app-/)
})

test.each<[string, SendOptions]>([
  [
    'a token before the path',
    { path: '/partner/accounts/bbbbbbbb', headers: { authorization: bearer('{"app":"app-a"}') } },
  ],
  [
    'Basic before the path',
    { path: '/partner/accounts/bbbbbbbb', headers: { authorization: basic('aaaaaaaa') } },
  ],
  ['an encoded form', form('%61pi_key=%61aaaaaaa&api_secret=own')],
  [
    'a dummy token beside the key',
    { path: '/partner/x?api_key=aaaaaaaa', headers: { authorization: bearer('{"app":"any"}') } },
  ],
])('what names one account carries nothing of the other: %s', async (_name, options) => {
  expect((await bench.send(options)).status).toBe(200)
  const [seen] = bench.upstream.requests
  const fields = seen?.values('authorization') ?? []
  const sent = [seen?.target, seen?.body, ...fields, ...fields.map(decoded)].join(' ')
  expect(sent).toMatch(/SecretOfA|"app":"app-a"/)
  expect(sent).not.toMatch(/SecretOfB|"app-b"|own/)
})

test.each<[string, SendOptions, number, string]>([
  [
    'claims that are nested without end',
    {
      headers: {
        authorization: bearer(`{"app":"app-a","x":${'['.repeat(5_500)}${']'.repeat(5_500)}}`),
      },
    },
    400,
    'malformed-request',
  ],
  [
    'a signed form with a name twice',
    form('api_key=aaaaaaaa&to=1&t%6F=2&sig=x'),
    400,
    'body-malformed',
  ],
  [
    'signed JSON with a name twice',
    json('{"api_key":"aaaaaaaa","to":"1","t\\u006f":"2","sig":"x"}'),
    400,
    'body-malformed',
  ],
])('what nobody can read in one way is refused: %s', async (_name, options, status, code) => {
  const refused = await bench.send(options)
  expect([refused.status, refused.headers['sidekey-error']]).toEqual([status, code])
  expect(bench.upstream.requests).toEqual([])
})

test('a caller that signs sends neither its own secret nor ours', async () => {
  const body = 'api_key=aaaaaaaa&api_secret=own&text=a%26b%3D&sig=x&sig=y'
  await bench.send(form(body, { headers: { authorization: basic('aaaaaaaa') } }))
  const [seen] = bench.upstream.requests
  expect(seen?.values('authorization')).toEqual([])
  expect(seen?.body.toString()).toMatch(
    /^api_key=aaaaaaaa&text=a%26b%3D&sig=[0-9a-f]{64}&timestamp=\d+$/,
  )
})

function decoded(field: string): string {
  return Buffer.from(
    field.split(/[ .]/)[field.startsWith('Basic') ? 1 : 2] ?? '',
    'base64',
  ).toString()
}
