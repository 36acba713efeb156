import { expect, test } from 'vitest'
import type { Substitution, Surface, SurfaceKind } from '../../../src/kernel/substitution.ts'
import {
  type PlaceholderRequest,
  substitutePlaceholders,
} from '../../../src/proxy/substitute/substitute-request.ts'
import { liveVersion } from '../../fakes/version-source.ts'

/** Every surface must encode it in its own way. */
const SECRET = 'p"l&a=n t/ed+é%'
const ALL: readonly SurfaceKind[] = ['header', 'query', 'path', 'form', 'json']
const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

test('a header', () => {
  const sent = ['X-Key', 'pre SIDEKEY_secret; id=SIDEKEY_apiKey', 'Accept', '*/*']
  expect(run({ fields: sent }, ['header'], 'plain').fields).toEqual([
    'X-Key',
    'pre plain; id=a1b2c3d4',
    'Accept',
    '*/*',
  ])
})

test('Basic, inside its base64', () => {
  const encode = (text: string) => `Basic ${Buffer.from(text, 'utf8').toString('base64')}`
  const { fields } = run({ fields: ['Authorization', encode('usér:SIDEKEY_secret')] }, ['header'])
  expect(fields[1]).toBe(encode(`usér:${SECRET}`))
})

test('a query, other bytes identical', () => {
  const query = 'a=%zz&b=+&&c=%C3%28&key=xSIDEKEY_secret.y&d'
  const { query: written } = run({ query }, ['query'])
  const encoded = 'p%22l%26a%3Dn%20t%2Fed%2B%C3%A9%25'
  expect(written).toBe(`a=%zz&b=+&&c=%C3%28&key=x${encoded}.y&d`)
})

test('a segment of the path', () => {
  expect(run({ path: '/bot123:SIDEKEY_secret/send' }, ['path'], 't:k').path).toBe(
    '/bot123:t%3Ak/send',
  )
})

test('a form, other bytes identical', () => {
  const body = held('a=1+2&%62=%zz&key=SIDEKEY_secret')
  const written = run({ body, type: FORM }, ['form'])
  expect(text(written.body)).toBe('a=1+2&%62=%zz&key=p%22l%26a%3Dn%20t%2Fed%2B%C3%A9%25')
})

test('JSON, other bytes identical', () => {
  const body = held(
    '{"n":12345678901234567890, "é":"\\u00e9", "k":["x",{"s":"a SIDEKEY_secret b"}]}\n',
  )
  const written = text(run({ body, type: JSON_TYPE }, ['json']).body)
  const encoded = JSON.stringify(`a ${SECRET} b`)
  expect(written).toBe(`{"n":12345678901234567890, "é":"\\u00e9", "k":["x",{"s":${encoded}}]}\n`)
})

test('several at once, all of them', () => {
  const request = { query: 'a=SIDEKEY_secret&b=SIDEKEY_secret', fields: ['X', 'SIDEKEY_secret'] }
  const written = run(request, ['query', 'header'], 'one')
  expect(written).toMatchObject({ query: 'a=one&b=one', fields: ['X', 'one'] })
})

test('a long name above many strings costs no more than its length', () => {
  // Pointers to them all would be 80 GB of text, which took half a minute.
  const values = '"",'.repeat(200_000)
  const body = held(`{"${'a'.repeat(400_000)}":[${values}"\\u0041"],"key":"SIDEKEY_secret"}`)
  const named: readonly Surface[] = [{ kind: 'json', name: '/key' }]
  const written = text(run({ body, type: JSON_TYPE }, named, 'one').body)
  expect(written.endsWith('],"key":"one"}')).toBe(true)
})

test.each([' leads', 'trails ', ' '])(
  'a secret that a header would trim is refused: "%s"',
  (secret) => {
    const sent = { fields: ['X-Key', 'SIDEKEY_secret'] }
    expect(() => run(sent, ['header'], secret)).toThrow('header field')
    expect(run({ fields: ['X-Key', `<SIDEKEY_secret>`] }, ['header'], secret).fields).toEqual([
      'X-Key',
      `<${secret}>`,
    ])
  },
)

test('only the named places, where places are named', () => {
  const named: readonly Surface[] = [
    { kind: 'header', name: 'x-key' },
    { kind: 'query', name: 'key' },
    { kind: 'json', name: '/auth/0/k~1y' },
  ]
  const ok = { fields: ['X_Key', 'SIDEKEY_secret'], query: 'key=SIDEKEY_secret' }
  expect(run(ok, named, 'one')).toMatchObject({ query: 'key=one', fields: ['X_Key', 'one'] })
  const body = held('{"auth":[{"k/y":"SIDEKEY_secret"}]}')
  expect(text(run({ body, type: JSON_TYPE }, named, 'one').body)).toBe('{"auth":[{"k/y":"one"}]}')
  for (const request of [
    { fields: ['X-Other', 'SIDEKEY_secret'] },
    { query: 'other=SIDEKEY_secret' },
    { body: held('{"auth":[0,{"k/y":"SIDEKEY_secret"}]}'), type: JSON_TYPE },
    { body: held('{"k/y":"SIDEKEY_secret"}'), type: JSON_TYPE },
  ]) {
    expect(() => run(request, named)).toThrow('does not look for one')
  }
})

test.each([
  ['an unknown name', { query: 'a=SIDEKEY_secret&b=SIDEKEY_other' }],
  ['a known name that goes on', { query: 'a=SIDEKEY_secrets' }],
  ['no name', { query: 'a=SIDEKEY_' }],
  ['one that is encoded', { query: 'a=SIDEKEY_secret&b=%53IDEKEY_secret' }],
  ['one in a name', { query: 'SIDEKEY_secret=1' }],
  ['one in an encoded name', { query: '%53IDEKEY_secret=1' }],
  ['one in the name of a header', { fields: ['SIDEKEY_secret', '1'] }],
  ['one in a key of JSON', { body: held('{"SIDEKEY_secret":1}'), type: JSON_TYPE }],
  ['an escaped one in JSON', { body: held('{"a":"\\u0053IDEKEY_secret"}'), type: JSON_TYPE }],
  ['one in a body of another kind', { body: held('SIDEKEY_secret'), type: 'text/plain' }],
  ['one in an encoded path', { path: '/%53IDEKEY_secret' }],
  ['none at all', { query: 'a=1' }],
  ['only a public one', { query: 'a=SIDEKEY_apiKey' }],
])('refused, never forwarded: %s', (_name, request) => {
  expect(() => run(request, ALL)).toThrow(
    expect.objectContaining({ code: 'placeholder-unresolved' }),
  )
})

test.each(ALL)('refused where the surface is not declared: %s', (kind) => {
  const body = kind === 'json' ? held('{"a":"SIDEKEY_secret"}') : held('a=SIDEKEY_secret')
  const basic = Buffer.from('u:SIDEKEY_secret').toString('base64')
  const requests: Readonly<Record<SurfaceKind, readonly Sent[]>> = {
    header: [{ fields: ['A', 'SIDEKEY_secret'] }, { fields: ['Authorization', `Basic ${basic}`] }],
    query: [{ query: 'a=SIDEKEY_secret' }, { query: 'a=%53IDEKEY_secret' }],
    path: [{ path: '/SIDEKEY_secret' }],
    form: [{ body, type: FORM }],
    json: [{ body, type: JSON_TYPE }],
  }
  for (const request of requests[kind]) {
    const others = ALL.filter((other) => other !== kind)
    expect(() => run(request, others)).toThrow('does not look for one')
  }
})

test('a body that is encoded can not be looked into, so it is refused', () => {
  const body = held('\x1f\x8b')
  const request = { body, type: JSON_TYPE, encoding: 'gzip', query: 'a=SIDEKEY_secret' }
  expect(() => run(request, ALL)).toThrow(expect.objectContaining({ code: 'body-not-injectable' }))
})

test('a broken JSON body with a placeholder is refused, without one it passes', () => {
  const request = { type: JSON_TYPE, query: 'a=SIDEKEY_secret' }
  expect(() => run({ ...request, body: held('{"a":"SIDEKEY_secret"') }, ALL)).toThrow('valid JSON')
  const body = held('{"a":\\u')
  expect(text(run({ ...request, body }, ALL).body)).toBe('{"a":\\u')
})

test('a secret that can not stand in a header is refused there', () => {
  expect(() => run({ fields: ['X', 'SIDEKEY_secret'] }, ALL, 'a\nb')).toThrow('header field')
})

test('a secret that looks like a placeholder is not looked into', () => {
  expect(run({ query: 'a=SIDEKEY_secret' }, ALL, 'SIDEKEY_secret').query).toBe('a=SIDEKEY_secret')
})

test('a marker of another shape', () => {
  const shape = { before: '__KEY.', after: '__' }
  expect(run({ query: 'a=__KEY.secret__x' }, ALL, 'one', shape).query).toBe('a=onex')
  expect(() => run({ query: 'a=__KEY.secret_' }, ALL, 'one', shape)).toThrow('no known name')
})

test('a deep body is refused, not recursed into', () => {
  const body = held(`${'['.repeat(2_000)}"SIDEKEY_secret"${']'.repeat(2_000)}`)
  expect(() => run({ body, type: JSON_TYPE }, ALL)).toThrow('too deeply')
})

interface Sent {
  readonly path?: string
  readonly query?: string
  readonly fields?: readonly string[]
  readonly body?: Buffer
  readonly type?: string
  readonly encoding?: string
}

function run(
  { path = '/v1', query, fields = [], body, type = '', encoding = '' }: Sent,
  surfaces: readonly (SurfaceKind | Surface)[],
  secret = SECRET,
  shape = { before: 'SIDEKEY_', after: '' },
) {
  const head = { contentType: type, contentEncoding: encoding }
  const request: PlaceholderRequest = {
    head,
    path,
    query: query ?? null,
    fields,
    body: body ?? null,
    trailers: [],
  }
  const substitution: Substitution = {
    ...shape,
    surfaces: surfaces.map((one) => (typeof one === 'string' ? { kind: one, name: null } : one)),
    bodies: 'read',
  }
  return substitutePlaceholders(request, substitution, liveVersion(1, secret), {
    apiKey: 'a1b2c3d4',
  })
}

function held(body: string): Buffer {
  return Buffer.from(body, 'utf8')
}

function text(body: unknown): string {
  return Buffer.isBuffer(body) ? body.toString('utf8') : ''
}
