import { describe, expect, test } from 'vitest'
import { vonageModule } from '../../../../src/providers/vonage/module.ts'

const accepts = (options: unknown) => vonageModule.keys.safeParse(options).success

describe('apiKey', () => {
  test.each(['a1b2c3d4', 'A-very_long.key+with/visible=char', 'x'.repeat(8)])(
    'may be %s',
    (apiKey) => {
      expect(accepts({ apiKey: apiKey.slice(0, 32) })).toBe(true)
    },
  )
  test.each(['', 'short12', 'x'.repeat(33), 'abcd:1234', 'abcd 1234', 'abcdé1234', 'abcd1234\n'])(
    'may not be %j',
    (apiKey) => {
      expect(accepts({ apiKey })).toBe(false)
    },
  )
})

describe('baseUrls', () => {
  const withApi = (api: unknown, rest: object = {}) =>
    accepts({ apiKey: 'a1b2c3d4', baseUrls: { api, ...rest } })

  test.each([
    'https://api.example',
    'https://api.example:8443',
    'https://api.example/',
    'http://127.0.0.1:9000',
    'http://localhost:9000',
    'http://[::1]:9000',
  ])('may be %s', (url) => {
    expect(withApi(url)).toBe(true)
  })

  test.each([
    'api.example',
    'ftp://api.example',
    'https://api.example/v2',
    'https://user:word@api.example',
    'https://api.example?x=1',
    'https://api.example#x',
    '',
    7,
  ])('may not be %j', (url) => {
    expect(withApi(url)).toBe(false)
  })

  test('plain http off loopback needs insecure: true', () => {
    expect(withApi('http://emulator:9000')).toBe(false)
    expect(withApi('http://127.0.0.1.example:9000')).toBe(false)
    expect(withApi('http://emulator:9000', { insecure: true })).toBe(true)
  })

  test('each key is optional, and another one is unknown', () => {
    expect(accepts({ apiKey: 'a1b2c3d4', baseUrls: {} })).toBe(true)
    expect(accepts({ apiKey: 'a1b2c3d4' })).toBe(true)
    expect(accepts({ apiKey: 'a1b2c3d4', baseUrls: { asia: 'https://x.example' } })).toBe(false)
    expect(accepts({ apiKey: 'a1b2c3d4', secrets: [] })).toBe(false)
  })
})

test('the account is the key, which is the only public word', () => {
  const options = { apiKey: 'a1b2c3d4' }
  expect(vonageModule.account(options)).toBe('a1b2c3d4')
  expect(vonageModule.publicValues(options)).toEqual({ apiKey: 'a1b2c3d4' })
})
