import { createHash, createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import type { HmacSpec } from '../../../src/kernel/signing.ts'
import { coversBody, type HmacInput, signHmac } from '../../../src/signers/hmac/sign-hmac.ts'

const SPEC: HmacSpec = {
  algorithm: 'sha256',
  key: 'utf8',
  output: 'hex',
  timestamp: 'seconds',
  bodyHash: { algorithm: 'sha256', output: 'hex' },
  sign: '{body}',
  headers: [{ name: 'X-Signature', template: '{signature}' }],
}
const INPUT: HmacInput = {
  secret: new SecretValue('planted-hmac-secret'),
  publicValues: { apiKey: 'a1b2c3d4' },
  method: 'POST',
  host: 'api.partner.example',
  path: '/v1/orders',
  query: null,
  body: Buffer.from('{"price":"1.0"}'),
  nowMs: 1_640_995_200_123,
  nonce: '00000000000000000000000000000001',
}

test("a repository host's webhook: sha256= and the body, by its published example", () => {
  const headers = [{ name: 'X-Hub-Signature-256', template: 'sha256={signature}' }]
  const secret = new SecretValue("It's a Secret to Everybody")
  const signed = signHmac(
    { ...SPEC, headers },
    { ...INPUT, secret, body: Buffer.from('Hello, World!') },
  )
  expect(signed).toEqual([
    'X-Hub-Signature-256',
    'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
  ])
})

test("a payment service's webhook: t= and v1=, over timestamp, dot and body", () => {
  const spec: HmacSpec = {
    ...SPEC,
    sign: '{timestamp}.{body}',
    headers: [{ name: 'Stripe-Signature', template: 't={timestamp},v1={signature}' }],
  }
  const v1 = createHmac('sha256', 'planted-hmac-secret')
    .update('1640995200.{"price":"1.0"}')
    .digest('hex')
  expect(signHmac(spec, INPUT)).toEqual(['Stripe-Signature', `t=1640995200,v1=${v1}`])
})

test("an exchange's API: timestamp, method, path and body, by a key in base64, with a nonce", () => {
  const key = Buffer.from('a key of an exchange, any bytes \0\xff', 'latin1')
  const spec: HmacSpec = {
    ...SPEC,
    key: 'base64',
    output: 'base64',
    sign: '{timestamp}{method}{target}{body}',
    headers: [
      { name: 'CB-ACCESS-KEY', template: '{apiKey}' },
      { name: 'CB-ACCESS-SIGN', template: '{signature}' },
      { name: 'CB-ACCESS-TIMESTAMP', template: '{timestamp}' },
      { name: 'X-Nonce', template: '{nonce}' },
    ],
  }
  const secret = new SecretValue(key.toString('base64'))
  const signed = signHmac(spec, { ...INPUT, secret, query: 'a=1&b=%2F' })
  const expected = createHmac('sha256', key)
    .update('1640995200POST/v1/orders?a=1&b=%2F{"price":"1.0"}')
    .digest('base64')
  expect(signed).toEqual([
    'CB-ACCESS-KEY',
    'a1b2c3d4',
    'CB-ACCESS-SIGN',
    expected,
    'CB-ACCESS-TIMESTAMP',
    '1640995200',
    'X-Nonce',
    INPUT.nonce,
  ])
})

test('lines of method, host, path, query and the hash of the body', () => {
  const spec: HmacSpec = {
    ...SPEC,
    algorithm: 'sha512',
    output: 'base64url',
    timestamp: 'iso',
    bodyHash: { algorithm: 'md5', output: 'base64' },
    sign: '{method}\n{host}\n{path}\n{query}\n{timestamp}\n{bodyHash}',
  }
  const hash = createHash('md5').update('{"price":"1.0"}').digest('base64')
  const lines = ['POST', 'api.partner.example', '/v1/orders', '', '2022-01-01T00:00:00.123Z', hash]
  const expected = createHmac('sha512', 'planted-hmac-secret').update(lines.join('\n'))
  expect(signHmac(spec, INPUT)[1]).toBe(expected.digest('base64url'))
})

test.each(['sha1', 'sha256', 'sha384', 'sha512', 'md5'] as const)(
  'the algorithm %s',
  (algorithm) => {
    const expected = createHmac(algorithm, 'planted-hmac-secret').update('{"price":"1.0"}')
    expect(signHmac({ ...SPEC, algorithm }, INPUT)[1]).toBe(expected.digest('hex'))
  },
)

test('a body is signed as its bytes, whatever they are', () => {
  const body = Buffer.from([0x1f, 0x8b, 0x00, 0xff, 0xc3, 0x28])
  const expected = createHmac('sha256', 'planted-hmac-secret').update(body).digest('hex')
  expect(signHmac(SPEC, { ...INPUT, body })[1]).toBe(expected)
})

test('no body is an empty one', () => {
  const expected = createHmac('sha256', 'planted-hmac-secret').update('').digest('hex')
  expect(signHmac(SPEC, { ...INPUT, body: null })[1]).toBe(expected)
})

test('a word in the text around placeholders stays a word', () => {
  const spec = { ...SPEC, sign: '{method}body{unknown}' }
  const expected = createHmac('sha256', 'planted-hmac-secret').update('POSTbody{unknown}')
  expect(signHmac(spec, INPUT)[1]).toBe(expected.digest('hex'))
})

test.each([
  ['hex', 'abc'],
  ['hex', 'zz'],
  ['base64', 'not base64!'],
] as const)('a secret that is no key in %s is refused, never signed with: %s', (key, text) => {
  const secret = new SecretValue(text)
  expect(() => signHmac({ ...SPEC, key }, { ...INPUT, secret })).toThrow(/no key/)
})

test('only a signature over the body needs the body', () => {
  expect(coversBody(SPEC)).toBe(true)
  expect(coversBody({ ...SPEC, sign: '{timestamp}{path}' })).toBe(false)
  const headers = [{ name: 'Digest', template: 'SHA-256={bodyHash}' }]
  expect(coversBody({ ...SPEC, sign: '{timestamp}', headers })).toBe(true)
})
