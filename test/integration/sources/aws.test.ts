import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AwsSource } from '../../../src/kernel/secret-source.ts'
import { FakeAws } from '../../fakes/secret-servers/fake-aws.ts'
import { Bench } from './fetch.ts'

const KEY_ID = 'AKIAEXAMPLE0000000001'
const KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

let aws: FakeAws
let bench: Bench

beforeEach(async () => {
  bench = new Bench()
  aws = new FakeAws()
  await aws.start()
  aws.put('prod/partner', '{"password":"value-1"}')
  aws.put('prod/partner', '{"password":"value-2"}')
})
afterEach(async () => {
  await bench.end()
  await aws.kill()
})

function source(more: Partial<AwsSource> = {}): AwsSource {
  return {
    kind: 'aws-secrets-manager',
    secretId: 'prod/partner',
    region: 'eu-central-1',
    key: 'password',
    endpoint: aws.url,
    credentials: null,
    version: 'current',
    refreshMs: 60_000,
    ...more,
  }
}

function byEnvironment(): void {
  Object.assign(bench.env, { AWS_ACCESS_KEY_ID: KEY_ID, AWS_SECRET_ACCESS_KEY: KEY })
}

function byWebIdentity(): void {
  aws.webIdentity = 'a.web.identity'
  Object.assign(bench.env, {
    AWS_WEB_IDENTITY_TOKEN_FILE: bench.write('identity', aws.webIdentity),
    AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/sidekey',
    AWS_ENDPOINT_URL_STS: aws.url,
  })
}

test('the previous version has the label AWSPREVIOUS', async () => {
  byEnvironment()
  expect(await bench.open(source())()).toBe('value-2')
  expect(await bench.open(source({ version: 'previous' }))()).toBe('value-1')
  const stages = aws.calls.map(
    ({ body }) => (JSON.parse(body) as Record<string, string>)['VersionStage'],
  )
  expect(stages).toEqual(['AWSCURRENT', 'AWSPREVIOUS'])
})

test('without a key the whole text is the secret', async () => {
  byEnvironment()
  expect(await bench.open(source({ key: null }))()).toBe('{"password":"value-2"}')
})

test('keys of the environment and of the configuration are kept from the log', async () => {
  byEnvironment()
  await bench.open(source())()
  expect(bench.kept.get('access key eu-central-1')).toEqual([KEY])
})

test('a web identity is exchanged for keys once, and again five minutes before their end', async () => {
  byWebIdentity()
  const look = bench.open(source())
  for (let i = 0; i < 3; i++) expect(await look()).toBe('value-2')
  expect(aws.given).toBe(1)
  const { body } = aws.calls[0] ?? { body: '' }
  expect(Object.fromEntries(new URLSearchParams(body))).toMatchObject({
    Action: 'AssumeRoleWithWebIdentity',
    RoleArn: 'arn:aws:iam::123456789012:role/sidekey',
    RoleSessionName: 'sidekey',
  })
  await bench.clock.advance(54 * 60_000)
  await look()
  expect(aws.given).toBe(1)
  aws.expiration = '2026-11-23T02:00:00Z'
  await bench.clock.advance(2 * 60_000)
  expect(await look()).toBe('value-2')
  expect(aws.given).toBe(2)
})

test('while no exchange is possible, the keys are used until their end', async () => {
  byWebIdentity()
  const look = bench.open(source())
  await look()
  aws.webIdentity = 'another'
  await bench.clock.advance(58 * 60_000)
  expect(await look()).toBe('value-2')
  await bench.clock.advance(3 * 60_000)
  expect(await look()).toMatch(/^refused: the web identity was answered with 400/)
})

test('keys that are refused are replaced once', async () => {
  byWebIdentity()
  const look = bench.open(source())
  await look()
  aws.keys.clear()
  expect(await look()).toBe('value-2')
  expect(aws.given).toBe(2)
})

test('keys of a user that are refused are not tried twice', async () => {
  byEnvironment()
  aws.keys.clear()
  expect(await bench.open(source())()).toMatch(/^refused: UnrecognizedClientException/)
  expect(aws.calls).toHaveLength(1)
})

test('a container has a role', async () => {
  aws.containerToken = 'Bearer container-token-0123456789'
  Object.assign(bench.env, {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${aws.url}/role`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: bench.write('container', aws.containerToken),
  })
  expect(await bench.open(source())()).toBe('value-2')
  expect(bench.kept.get('container token')).toEqual([aws.containerToken])
})

test('a container role is never asked for at a foreign address in the clear', async () => {
  bench.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = 'http://evil.example/role'
  expect(await bench.open(source())()).toMatch(/^refused: .*names no safe endpoint/)
})

test('a web identity is never sent to a foreign address in the clear', async () => {
  byWebIdentity()
  bench.env['AWS_ENDPOINT_URL_STS'] = 'http://evil.example'
  expect(await bench.open(source())()).toMatch(/^refused: AWS_ENDPOINT_URL_STS names no safe/)
})

test('nobody who could ask is said', async () => {
  expect(await bench.open(source())()).toMatch(/^refused: there are no AWS credentials/)
  expect(aws.calls).toEqual([])
})

test.each([
  ['ResourceNotFoundException', /^absent: ResourceNotFoundException/],
  ['com.amazonaws#AccessDeniedException', /^refused: AccessDeniedException: allow secrets/],
  ['ThrottlingException', /^throttled: ThrottlingException/],
  ['SomethingElse-S3cr3t', /^refused: was answered with 400$/],
])('an error %s is told by its kind', async (type, words) => {
  byEnvironment()
  aws.mood = { status: 400, body: { __type: type, Message: 'a secret sentence' } }
  expect(await bench.open(source())()).toMatch(words)
})

test.each([
  [{ binary: 'AAEC' }, /^invalid: the secret is binary/],
  ['no json', /^invalid: the secret is no JSON object/],
  ['["password"]', /^absent: the secret has no such key/],
])('a secret that can not be used is said: %#', async (value, words) => {
  byEnvironment()
  aws.put('prod/partner', value)
  expect(await bench.open(source())()).toMatch(words)
})
