import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSecretSource } from '../../src/config/secret-source.ts'
import type { AwsSource } from '../../src/kernel/secret-source.ts'
import { SecretValue } from '../../src/kernel/secret-value.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { openFetchers } from '../../src/sources/open-fetchers.ts'
import type { Moto } from './moto.ts'

const ROLE = 'arn:aws:iam::123456789012:role/sidekey'
const policyFor = (...actions: readonly string[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
  })

/** Reads secrets as Sidekey does, from a moto that checks signatures; prints each result. @returns how many were wrong */
export async function checkAws(moto: Moto): Promise<number> {
  const { id, secret } = await setScene(moto)
  // moto can check signatures of signed calls only, and this exchange is none: it comes before.
  const exchanged = await checkWebIdentity(moto)
  await moto.enforce()
  const user = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret }
  const cases: readonly (readonly [string, Partial<AwsSource>, Env, RegExp])[] = [
    ['AWSCURRENT', {}, user, /^value "2" ä$/],
    ['AWSPREVIOUS', { version: 'previous' }, user, /^value "1" ä$/],
    ['the whole text', { key: null }, user, /^\{"password": "value/],
    ['no such key', { key: 'other' }, user, /^absent/],
    ['no such secret', { secretId: 'prod/other' }, user, /^absent: ResourceNotFoundException/],
    ['a first version', { secretId: 'young', version: 'previous' }, user, /^absent/],
    // moto says these two in XML, which Secrets Manager does not.
    ['a wrong key', {}, { ...user, AWS_SECRET_ACCESS_KEY: `${secret}x` }, /^refused: .* 403$/],
    [
      'an unknown key',
      {},
      { ...user, AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE0000000009' },
      /^refused: .* 403$/,
    ],
  ]
  let failures = exchanged ? 0 : 1
  for (const [name, more, env, expected] of cases) {
    const found = await read({ ...sourceAt(moto.url), ...more }, env)
    if (!tell(name, found, expected)) failures++
  }
  return failures
}

/** Reads by keys that a service account's token was exchanged for. */
async function checkWebIdentity(moto: Moto): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'sidekey-moto-'))
  const token = join(folder, 'jwt')
  writeFileSync(token, 'eyJhbGciOiJub25lIn0.e30.')
  const found = await read(sourceAt(moto.url), {
    AWS_WEB_IDENTITY_TOKEN_FILE: token,
    AWS_ROLE_ARN: ROLE,
    AWS_ENDPOINT_URL_STS: moto.url,
  })
  rmSync(folder, { recursive: true })
  return tell('a web identity', found, /^value "2" ä$/)
}

function tell(name: string, found: string, expected: RegExp): boolean {
  const isRight = expected.test(found)
  console.log(`${isRight ? 'ok    ' : 'FAILED'}  ${name}: ${found}`)
  return isRight
}

type Env = Readonly<Record<string, string>>

/** Two versions of a secret, one of another, and a user that may read them. */
async function setScene(moto: Moto): Promise<{ readonly id: string; readonly secret: string }> {
  const version = (number: number) => `{"password": "value \\"${number}\\" ä"}`
  await moto.secretsManager('CreateSecret', { Name: 'prod/partner', SecretString: version(1) })
  await moto.secretsManager('PutSecretValue', {
    SecretId: 'prod/partner',
    SecretString: version(2),
  })
  await moto.secretsManager('CreateSecret', { Name: 'young', SecretString: version(1) })
  const PolicyDocument = policyFor('secretsmanager:GetSecretValue')
  await moto.iam({ Action: 'CreateUser', UserName: 'sidekey' })
  const own = { UserName: 'sidekey', PolicyName: 'read', PolicyDocument }
  await moto.iam({ Action: 'PutUserPolicy', ...own })
  const trust = policyFor('sts:AssumeRoleWithWebIdentity')
  await moto.iam({ Action: 'CreateRole', RoleName: 'sidekey', AssumeRolePolicyDocument: trust })
  await moto.iam({
    Action: 'PutRolePolicy',
    RoleName: 'sidekey',
    PolicyName: 'read',
    PolicyDocument,
  })
  const key = await moto.iam({ Action: 'CreateAccessKey', UserName: 'sidekey' })
  return { id: element(key, 'AccessKeyId'), secret: element(key, 'SecretAccessKey') }
}

function element(xml: string, name: string): string {
  return new RegExp(`<${name}>(.*?)</${name}>`).exec(xml)?.[1] ?? ''
}

function sourceAt(endpoint: string): AwsSource {
  return {
    kind: 'aws-secrets-manager',
    secretId: 'prod/partner',
    region: 'eu-central-1',
    key: 'password',
    endpoint,
    credentials: null,
    version: 'current',
    refreshMs: 60_000,
  }
}

async function read(source: AwsSource, env: Env): Promise<string> {
  const opened = openFetchers([source], {
    clock: new SystemClock(),
    env,
    readLocal: (local) => readSecretSource(local, env),
    keepSecret: () => {},
  })
  try {
    const found = await opened.fetchers[0]?.fetch(new AbortController().signal)
    if (found instanceof SecretValue) return found.expose()
    return `${found?.reason}: ${found?.message}`
  } finally {
    await opened.close()
  }
}
