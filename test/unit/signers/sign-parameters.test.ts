import { expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import type { ParameterSignatureSpec } from '../../../src/kernel/signing.ts'
import { signParameters } from '../../../src/signers/parameters/sign-parameters.ts'

const spec = (algorithm: string): ParameterSignatureSpec => ({
  algorithm,
  parameters: [{ name: 'api_key', template: '{apiKey}' }],
  timestampName: 'timestamp',
  signatureName: 'sig',
})
const secret = new SecretValue('sigsecret')
const publicValues = { apiKey: 'abcd1234' }
const AT_MS = 1_600_000_000_900

const given = [
  { name: 'to', value: '447700900000' },
  { name: 'from', value: 'AcmeInc' },
  { name: 'text', value: 'a&b=c d' },
]

test.each([
  ['md5hash', 'f7d8926b956d295c093314891c1b9979'],
  ['md5', 'a97ce325f6955aff1940cfac6b7adfa7'],
  ['sha1', 'dfd1440aeb7394da2e01e7fa6e7dfca88dd2f38a'],
  ['sha256', '3fea08713760449fdba386fc1a9bacd43b27c7e1837d3bf5bd9cbecd915ffd8c'],
  [
    'sha512',
    'b3bcff7590a42a4980f176af5e438778234e80c06cc9b797be1fca730c4d004f327445d067b013be02ec38825e7c6c0e59d994a401252901a78c2dce91e53855',
  ],
] as const)('signs by %s as the provider does', (algorithm, sig) => {
  expect(signParameters(spec(algorithm), given, publicValues, secret, AT_MS)).toEqual([
    { name: 'api_key', value: 'abcd1234' },
    { name: 'timestamp', value: '1600000000' },
    { name: 'sig', value: sig },
  ])
})

test('refuses a name that stands twice, since the upstream may read the other one', () => {
  const twice = [...given, { name: 'to', value: '1' }]
  expect(() => signParameters(spec('sha256'), twice, publicValues, secret, AT_MS)).toThrow(
    expect.objectContaining({ code: 'body-malformed' }),
  )
})
