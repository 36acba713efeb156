import { expect, test } from 'vitest'
import type { OAuth2Spec } from '../../../src/kernel/ports/token-source.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { readTokenAnswer, tokenCall } from '../../../src/tokens/request-token.ts'

const SPEC: OAuth2Spec = {
  tokenUrl: 'https://login.example/oauth2/token?tenant=1',
  clientId: '{clientId}',
  clientAuth: 'basic',
  parameters: [
    { name: 'scope', value: 'read write' },
    { name: 'audience', value: 'https://api.example' },
  ],
  lifetimeMs: 300_000,
}
const SECRET = new SecretValue('s:cret/+é')

test('the client stands in a Basic header, both parts encoded', () => {
  const call = tokenCall(SPEC, 'a:b', SECRET)
  expect(call).toMatchObject({ origin: 'https://login.example', path: '/oauth2/token?tenant=1' })
  expect(call.basic?.username).toBe('a%3Ab')
  const password = call.basic?.password
  expect(password instanceof SecretValue && password.expose()).toBe('s%3Acret%2F%2B%C3%A9')
  expect(call.body).toEqual({
    kind: 'form',
    fields: [
      ['grant_type', 'client_credentials'],
      ['scope', 'read write'],
      ['audience', 'https://api.example'],
    ],
  })
})

test('half a character, which JSON can hold, is sent as what every encoder makes of it', () => {
  const { basic } = tokenCall(SPEC, 'i\ud800d', new SecretValue('s\udc00t'))
  expect(basic?.username).toBe('i%EF%BF%BDd')
  const password = basic?.password
  expect(password instanceof SecretValue && password.expose()).toBe('s%EF%BF%BDt')
})

test('or in the form, and nowhere else', () => {
  const call = tokenCall({ ...SPEC, clientAuth: 'post' }, 'id', SECRET)
  expect(call.basic).toBeUndefined()
  expect(call.body?.kind === 'form' && call.body.fields.slice(-2)).toEqual([
    ['client_id', 'id'],
    ['client_secret', SECRET],
  ])
})

const token = { access_token: 'eyJ.x.y', token_type: 'Bearer', expires_in: 3600 }

test.each([
  ['a token', 200, token, { kind: 'issued', lifetimeMs: 3_600_000 }],
  ['its lifetime as a text', 200, { ...token, expires_in: '60' }, { lifetimeMs: 60_000 }],
  ['none', 200, { ...token, expires_in: undefined }, { lifetimeMs: 300_000 }],
  ['null', 200, { ...token, token_type: null, expires_in: null }, { lifetimeMs: 300_000 }],
  ['one in the past', 200, { ...token, expires_in: -1 }, { kind: 'unavailable' }],
  ['one that is too long', 200, { ...token, expires_in: 1e9 }, { lifetimeMs: 86_400_000 }],
  ['another type', 200, { ...token, token_type: 'mac' }, { kind: 'unavailable' }],
  [
    'a token that can not stand in a header',
    200,
    { access_token: 'a\nb' },
    { kind: 'unavailable' },
  ],
  ['one that is too large', 200, { access_token: 'a'.repeat(20_000) }, { kind: 'unavailable' }],
  ['no JSON', 200, undefined, { kind: 'unavailable' }],
  ['a wrong secret', 401, { error: 'invalid_client' }, { kind: 'refused' }],
  ['the same as 400', 400, { error: 'invalid_client' }, { kind: 'refused' }],
  ["the same by a provider's own key", 401, { errorCode: 'invalid_client' }, { kind: 'refused' }],
  ['the same without words', 401, undefined, { kind: 'refused' }],
  ['a wrong scope', 400, { error: 'invalid_scope' }, { kind: 'rejected' }],
  ['a client that may not', 400, { error: 'unauthorized_client' }, { kind: 'rejected' }],
  ['a server that fails', 500, { error: 'invalid_client' }, { kind: 'unavailable' }],
  ['a page of somebody else', 404, undefined, { kind: 'unavailable' }],
])('an answer is read: %s', (_name, status, body, expected) => {
  expect(readTokenAnswer({ status, headers: {}, body }, SPEC, 0)).toMatchObject(expected)
})

test('Retry-After of 429 and of 503 is read, and no answer at all', () => {
  const headers = { 'retry-after': '7' }
  for (const status of [429, 503]) {
    const answer = readTokenAnswer({ status, headers, body: undefined }, SPEC, 0)
    expect(answer).toEqual({ kind: 'throttled', retryAfterMs: 7_000 })
  }
  expect(readTokenAnswer(null, SPEC, 0)).toEqual({ kind: 'unavailable' })
})
