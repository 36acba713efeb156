import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FakeAws } from '../fakes/secret-servers/fake-aws.ts'
import { FakeVault } from '../fakes/secret-servers/fake-vault.ts'
import type { HttpFake } from '../fakes/secret-servers/http-fake.ts'
import { describeSecretSource, type SecretSourceUnderTest } from './secret-source.ts'

const serverOf = (fake: HttpFake): NonNullable<SecretSourceUnderTest['server']> => ({
  hang: () => (fake.mood = 'hanging'),
  kill: () => fake.kill(),
  revive: () => fake.start(),
  calls: () => fake.calls.length,
})

async function fileSource(json: string | null): Promise<SecretSourceUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'sidekey-source-'))
  const path = join(directory, 'secret')
  const writeJson = (partner: object) => writeFile(path, JSON.stringify({ a: [partner] }))
  return {
    source: json === null ? { kind: 'file', path } : { kind: 'file', path, json },
    logins: [],
    write: (value) => (json === null ? writeFile(path, value) : writeJson({ 'pass/word': value })),
    loseKey: () => writeJson({ password: 'x' }),
    writeNumber: () => writeJson({ 'pass/word': 12345 }),
    remove: () => rm(path, { force: true }),
    dispose: () => rm(directory, { recursive: true }),
  }
}

async function environmentSource(): Promise<SecretSourceUnderTest> {
  const env: Record<string, string> = {}
  return {
    source: { kind: 'env', name: 'PARTNER_SECRET' },
    env,
    logins: [],
    write: async (value) => void (env['PARTNER_SECRET'] = value),
    remove: async () => void delete env['PARTNER_SECRET'],
    dispose: async () => {},
  }
}

const TOKEN = 'hvs.token-for-tests-0123456789'
const JWT = 'eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl'
const polled = { version: 'current', refreshMs: 60_000 } as const

async function vaultSource(kind: 'token' | 'kubernetes'): Promise<SecretSourceUnderTest> {
  const vault = new FakeVault()
  await vault.start()
  if (kind === 'token') vault.tokens.set(TOKEN, { ttl: 0, renewable: false })
  vault.roles.set('sidekey', JWT)
  const directory = await mkdtemp(join(tmpdir(), 'sidekey-source-'))
  const path = join(directory, 'token')
  await writeFile(path, `${kind === 'token' ? TOKEN : JWT}\n`)
  const token = { kind: 'file', path } as const
  return {
    source: {
      kind: 'vault',
      address: vault.url,
      mount: 'team/kv',
      path: 'partner/api keys',
      key: 'pass.word',
      namespace: null,
      login: kind === 'token' ? { kind, token } : { kind, role: 'sidekey', mount: 'k8s', token },
      ...polled,
    },
    logins: kind === 'token' ? [TOKEN] : [JWT],
    write: async (value) => vault.put('team/kv/partner/api keys', { 'pass.word': value }),
    loseKey: async () => vault.put('team/kv/partner/api keys', { password: 'x' }),
    writeNumber: async () => vault.put('team/kv/partner/api keys', { 'pass.word': 12345 }),
    remove: async () => vault.secrets.clear(),
    server: serverOf(vault),
    dispose: async () => {
      await vault.kill()
      await rm(directory, { recursive: true })
    },
  }
}

const ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

async function awsSource(key: string | null): Promise<SecretSourceUnderTest> {
  const aws = new FakeAws()
  await aws.start()
  const write = (value: unknown) => aws.put('prod/partner', JSON.stringify({ password: value }))
  return {
    source: {
      kind: 'aws-secrets-manager',
      secretId: 'prod/partner',
      region: 'eu-central-1',
      key,
      endpoint: aws.url,
      credentials: {
        accessKeyId: 'AKIAEXAMPLE0000000001',
        secretAccessKey: { kind: 'env', name: 'PARTNER_KEY' },
        sessionToken: null,
      },
      ...polled,
    },
    env: { PARTNER_KEY: ACCESS_KEY },
    logins: [ACCESS_KEY],
    write: async (value) => (key === null ? aws.put('prod/partner', value) : write(value)),
    loseKey: async () => aws.put('prod/partner', '{"user":"x"}'),
    writeNumber: async () => write(12345),
    remove: async () => aws.secrets.clear(),
    server: serverOf(aws),
    dispose: () => aws.kill(),
  }
}

const local = { isServer: false, changes: true }
const server = { isServer: true, changes: true }

describeSecretSource('a file', () => fileSource(null), { ...local, hasKeys: false })
describeSecretSource('a JSON file', () => fileSource('/a/0/pass~1word'), {
  ...local,
  hasKeys: true,
})
describeSecretSource('the environment', environmentSource, {
  ...local,
  changes: false,
  hasKeys: false,
})
describeSecretSource('Vault by token', () => vaultSource('token'), { ...server, hasKeys: true })
describeSecretSource('Vault by Kubernetes', () => vaultSource('kubernetes'), {
  ...server,
  hasKeys: true,
})
describeSecretSource('AWS, text', () => awsSource(null), { ...server, hasKeys: false })
describeSecretSource('AWS, JSON', () => awsSource('password'), { ...server, hasKeys: true })
