import { generateKeyPairSync, verify } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import type { Injection, RouteAccount } from '../../../src/kernel/route.ts'
import { createSigner } from '../../../src/signers/create-signer.ts'
import { signParameters } from '../../../src/signers/parameters/sign-parameters.ts'
import { SeededRandom } from '../../fakes/random.ts'
import type { SeenRequest } from '../../fakes/upstream.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'
import { Bench, S1 } from './bench.ts'

const keys = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
const one = keys()
const two = keys()
const SIGNATURE = 'Signature1Canary-Hh8Ii9'
const DAY_MS = 86_400_000

const token: Injection = {
  kind: 'signed',
  from: 'apps',
  signer: {
    kind: 'jwt',
    algorithm: 'RS256',
    lifetimeMs: 900_000,
    claims: [{ name: 'app', template: '{app}' }],
  },
}
const basic: Injection = { kind: 'basic', username: '{apiKey}', password: '{secret}' }
const signed = (place: 'query' | 'form' | 'json'): Injection => ({
  kind: 'signed-parameters',
  from: 'signing',
  place,
  signature: {
    algorithm: 'sha256',
    parameters: [{ name: 'key', template: '{apiKey}' }],
    timestampName: 'time',
    signatureName: 'sig',
  },
})
const pairs = [
  { name: 'key', template: '{apiKey}' },
  { name: 'password', template: '{secret}' },
]
const form: Injection = { kind: 'form', fields: pairs }
const query: Injection = { kind: 'query', parameters: pairs }

const MATERIALS = {
  one: { name: 'apps', credentialId: 'partner/apps/one', publicValues: { app: 'one' } },
  two: { name: 'apps', credentialId: 'partner/apps/two', publicValues: { app: 'two' } },
  signing: { name: 'signing', credentialId: 'partner/signing', publicValues: { apiKey: 'k1' } },
}

const benches: Bench[] = []
afterEach(() => Promise.all(benches.splice(0).map((bench) => bench.stop())))

async function start(
  inject: readonly Injection[],
  materials: readonly (keyof typeof MATERIALS)[],
): Promise<Bench> {
  const accounts: readonly RouteAccount[] = [
    {
      credentialId: 'partner',
      publicValues: { apiKey: 'k1' },
      materials: materials.map((name) => MATERIALS[name]),
    },
  ]
  const source = (id: string, secret: string, words: Readonly<Record<string, string>>) =>
    new FakeVersionSource(id, [liveVersion(1, secret)], words)
  const sources = [
    source('partner', S1, { apiKey: 'k1' }),
    source('partner/apps/one', one.privateKey, { app: 'one' }),
    source('partner/apps/two', two.privateKey, { app: 'two' }),
    source('partner/signing', SIGNATURE, { apiKey: 'k1' }),
  ]
  const bench = await Bench.start({
    endpoint: { inject },
    route: { accounts },
    config: { sources: new Map(sources.map((each) => [each.credentialId, each])) },
    deps: { signer: (spec) => createSigner(spec, new SeededRandom(1)), signParameters },
  })
  benches.push(bench)
  return bench
}

const bearer = (claims: object) => ({
  authorization: `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`,
})

function claimsOf(seen: SeenRequest | undefined, key: string): Record<string, unknown> {
  const [field = '', ...more] = seen?.values('authorization') ?? []
  expect(more).toEqual([])
  const [, head = '', payload = '', signature = ''] = /^Bearer (.+)\.(.+)\.(.+)$/.exec(field) ?? []
  expect(
    verify('sha256', Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url')),
  ).toBe(true)
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
}

test('the token of the caller selects the key, and is replaced by one that is signed with it', async () => {
  const bench = await start([token], ['one', 'two'])
  await bench.send({ headers: bearer({ app: 'two', sub: 'alice' }) })
  expect(claimsOf(bench.upstream.requests[0], two.publicKey)).toMatchObject({
    app: 'two',
    sub: 'alice',
  })
})

test.each([
  ['an unknown one', bearer({ app: 'three' })],
  ['none', {}],
])('with several keys a request that names %s is refused', async (_name, headers) => {
  const bench = await start([token], ['one', 'two'])
  const refused = await bench.send({ headers })
  expect([refused.status, refused.headers['sidekey-error']]).toEqual([403, 'credential-unknown'])
  expect(bench.upstream.requests).toEqual([])
})

test('with one key whatever the caller names is replaced', async () => {
  const bench = await start([token], ['one'])
  await bench.send({ headers: bearer({ app: 'placeholder' }) })
  await bench.send({})
  for (const seen of bench.upstream.requests) {
    expect(claimsOf(seen, one.publicKey)).toMatchObject({ app: 'one' })
  }
})

test('a request for a token without a key is refused, and says what is missing', async () => {
  const bench = await start([token], [])
  const refused = await bench.send({ headers: bearer({ app: 'one' }) })
  expect([refused.status, refused.headers['sidekey-error']]).toEqual([
    503,
    'credential-unavailable',
  ])
  expect(refused.body.toString()).toContain('apps')
  expect(bench.upstream.requests).toEqual([])
})

test('where the secret will do too, a caller with a token gets the secret', async () => {
  const bench = await start([token, basic], [])
  await bench.send({ headers: bearer({ app: 'one' }) })
  expect(bench.upstream.requests[0]?.values('authorization')[0]).toMatch(/^Basic /)
})

test("the caller's kind is kept where both are there", async () => {
  const bench = await start([basic, token], ['one'])
  await bench.send({ headers: bearer({}) })
  await bench.send({ headers: { authorization: 'Basic eDp5' } })
  expect(
    bench.upstream.requests.map((seen) => seen.values('authorization')[0]?.split(' ')[0]),
  ).toEqual(['Bearer', 'Basic'])
})

test.each([2, -2])(
  'row 62: with a clock that is %i days off a request is sent once more, and the next ones once',
  async (days) => {
    const bench = await start([token], ['one'])
    const upstreamMs = bench.clock.now() + days * DAY_MS
    bench.upstream.answerWith((request, response) => {
      response.setHeader('Date', new Date(upstreamMs).toUTCString())
      const iat = Number(claimsOf(request, one.publicKey)['iat'])
      response.statusCode = Math.abs(iat * 1_000 - upstreamMs) <= 60_000 ? 200 : 401
      response.end()
    })
    const send = () => bench.send({ method: 'POST', body: 'once' })
    expect([(await send()).status, (await send()).status]).toEqual([200, 200])
    expect(bench.upstream.requests.map(({ body }) => body.toString())).toEqual([
      'once',
      'once',
      'once',
    ])
  },
)

test('row 62: none of the requests that were on their way when the clock was off is lost', async () => {
  const bench = await start([token], ['one'])
  const waiting: (() => void)[] = []
  let upstreamMs = bench.clock.now()
  bench.upstream.answerWith((request, response) => {
    response.setHeader('Date', new Date(upstreamMs).toUTCString())
    const iat = Number(claimsOf(request, one.publicKey)['iat'])
    response.statusCode = Math.abs(iat * 1_000 - upstreamMs) <= 60_000 ? 200 : 401
    if (response.statusCode === 401) waiting.push(() => response.end())
    else response.end()
  })
  expect((await bench.send({})).status).toBe(200)
  upstreamMs += 2 * DAY_MS
  const sent = Array.from({ length: 8 }, () => bench.send({}))
  await expect.poll(() => waiting.length).toBe(8)
  for (const answer of waiting) answer()
  expect((await Promise.all(sent)).map(({ status }) => status)).toEqual(Array(8).fill(200))
  expect(bench.looks).toEqual([])
})

test('a refused key is sent once where the clocks agree', async () => {
  const bench = await start([token], ['one'])
  bench.upstream.answerWith((_request, response) => {
    response.setHeader('Date', new Date(bench.clock.now()).toUTCString())
    response.statusCode = 401
    response.end()
  })
  expect((await bench.send({})).status).toBe(401)
  expect(bench.upstream.requests).toHaveLength(1)
})

const asForm = { 'content-type': 'application/x-www-form-urlencoded' }
const asJson = { 'content-type': 'application/json' }

test('a signed form is signed anew: our key, time and signature, and no secret', async () => {
  const bench = await start([basic, form, signed('form')], ['signing'])
  const body = 'to=1&key=x&time=5&text=a%26b+c&sig=abc&password=placeholder'
  const headers = { ...asForm, authorization: 'Basic eDp5' }
  expect((await bench.send({ method: 'POST', headers, body })).status).toBe(200)
  const [seen] = bench.upstream.requests
  expect(seen?.values('authorization')).toEqual([])
  const sent = new URLSearchParams(seen?.body.toString())
  expect(Object.fromEntries(sent)).toEqual({
    to: '1',
    key: 'k1',
    time: String(Math.floor(bench.clock.now() / 1_000)),
    text: 'a&b c',
    sig: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(seen?.body.toString()).toMatch(/^to=1&key=k1&time=\d+&text=a%26b\+c&sig=/)
})

test('a signed JSON body keeps its other bytes', async () => {
  const bench = await start([basic, signed('json')], ['signing'])
  const body = '{ "to": "1", "n": 12, "sig": "x" }'
  expect((await bench.send({ method: 'POST', headers: asJson, body })).status).toBe(200)
  const sent = bench.upstream.requests[0]?.body.toString() ?? ''
  expect(sent).toContain('"to": "1", "n": 12')
  expect(JSON.parse(sent)).toMatchObject({
    key: 'k1',
    sig: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
})

test.each([
  ['without the secret to sign with', [], asForm, 'to=1&sig=x', '', 503],
  ['whose mark is escaped, without it', [], asForm, 'to=1&%73ig=x', '', 503],
  ['with a name twice', ['signing'], asForm, 'to=1&to=2&sig=x', '', 400],
  ['with parameters in the query too', ['signing'], asForm, 'to=1&sig=x', '?a=1', 400],
  ['with a value that has no one text', ['signing'], asJson, '{"to":[1],"sig":"x"}', '', 400],
  [
    'with a number that parsers round',
    ['signing'],
    asJson,
    '{"to":12345678901234567890,"sig":"x"}',
    '',
    400,
  ],
] as const)(
  'a signed request %s is refused',
  async (_name, materials, headers, body, more, status) => {
    const inject = [basic, form, query, signed('form'), signed('json'), signed('query')]
    const bench = await start(inject, materials)
    const path = `/partner/v1/things${more}`
    expect((await bench.send({ method: 'POST', path, headers, body })).status).toBe(status)
    expect(bench.upstream.requests).toEqual([])
  },
)

test('a caller that does not sign gets the secret, whatever could be signed', async () => {
  const bench = await start([signed('form'), form], ['signing'])
  await bench.send({ method: 'POST', headers: asForm, body: 'to=1&key=x&password=y' })
  expect(bench.upstream.requests[0]?.body.toString()).toBe(`to=1&key=k1&password=${S1}`)
})
