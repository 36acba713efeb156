import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load-config.ts'
import { textInJson } from '../../../src/config/text-in-json.ts'
import { ConfigError } from '../../../src/kernel/errors.ts'
import type { SecretSource } from '../../../src/kernel/secret-source.ts'
import { fakeCatalog } from '../../fakes/catalog.ts'

const configOf = (source: string) => `
credentials: { partner: { provider: mounted, current: ${source} } }
routes: [{ name: p, upstream: https://a.example, credential: partner, inject: { bearer: "{secret}" } }]
`

function parsed(source: string): SecretSource | null {
  const [credential] = parseConfig(configOf(source), fakeCatalog, { TOKEN: 'x' }).credentials
  return credential?.sources.current ?? null
}

function issuesOf(source: string): readonly string[] {
  try {
    parsed(source)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues.map(({ path, message }) => `${path}: ${message}`)
  }
}

const vault = (keys: string) =>
  `{ vault: { address: https://vault.example, path: partner, key: password, ${keys} } }`
const aws = (keys: string) =>
  `{ awsSecretsManager: { secretId: prod/partner, region: eu-central-1 ${keys} } }`
const AT = 'credentials.partner.current'

test('a Vault source has the defaults of the documents', () => {
  expect(parsed(vault('token: { file: /run/token }'))).toEqual({
    kind: 'vault',
    address: 'https://vault.example',
    mount: 'secret',
    path: 'partner',
    key: 'password',
    namespace: null,
    version: 'current',
    refreshMs: 60_000,
    login: { kind: 'token', token: { kind: 'file', path: '/run/token' } },
  })
  expect(parsed(vault('kubernetes: { role: app }, version: previous, refresh: 5m'))).toMatchObject({
    version: 'previous',
    refreshMs: 300_000,
    login: {
      kind: 'kubernetes',
      role: 'app',
      mount: 'kubernetes',
      token: { kind: 'file', path: '/var/run/secrets/kubernetes.io/serviceaccount/token' },
    },
  })
})

test('an AWS source has the defaults of the documents', () => {
  expect(parsed(aws(''))).toEqual({
    kind: 'aws-secrets-manager',
    secretId: 'prod/partner',
    region: 'eu-central-1',
    key: null,
    endpoint: null,
    credentials: null,
    version: 'current',
    refreshMs: 60_000,
  })
  const keys =
    ', key: password, credentials: { accessKeyId: AKIAEXAMPLE000001, secretAccessKey: { env: TOKEN } }'
  expect(parsed(aws(keys))).toMatchObject({
    key: 'password',
    credentials: { secretAccessKey: { kind: 'env', name: 'TOKEN' }, sessionToken: null },
  })
})

test('a file may be a JSON document', () => {
  const source = { kind: 'file', path: '/run/a', json: '/a~1b/0' }
  expect(parsed('{ file: /run/a, json: /a~1b/0 }')).toEqual(source)
})

test.each([
  ['{ file: /a, env: B }', `${AT}: does not say where the secret is`],
  ['{ env: TOKEN, json: /a }', `${AT}.json: unknown key`],
  ['{ file: /a, json: a }', `${AT}.json: is no JSON pointer`],
  ['{ vault: {} }', `${AT}.vault.address: is missing`],
  [vault(''), `${AT}.vault: has no way to log in`],
  [
    vault('token: { file: /t }, kubernetes: { role: a }'),
    `${AT}.vault.token: stands beside \`kubernetes\``,
  ],
  [vault('token: hunter2'), `${AT}.vault.token: does not say where the secret is`],
  [vault('token: { vault: {} }'), `${AT}.vault.token: does not say where the secret is`],
  [vault('token: { file: /t }, mount: /kv/'), `${AT}.vault.mount: is no path on the server`],
  [vault('token: { file: /t }, mount: a/../b'), `${AT}.vault.mount: is no path on the server`],
  [
    vault('token: { file: /t }, refresh: 10ms'),
    `${AT}.vault.refresh: is below a second or above a day`,
  ],
  [
    vault('token: { file: /t }, version: 3'),
    `${AT}.vault.version: is none of the words that are possible here`,
  ],
  [vault('token: { file: /t }, keyy: a'), `${AT}.vault.keyy: unknown key`],
  [
    '{ vault: { address: "http://vault.example", path: a, key: b, token: { file: /t } } }',
    `${AT}.vault.address: is plain http that leaves this host`,
  ],
  [
    '{ vault: { address: "https://vault.example/v1", path: a, key: b, token: { file: /t } } }',
    `${AT}.vault.address: is no address of a server`,
  ],
  [
    '{ vault: { address: "https://u:hunter2@vault.example", path: a, key: b, token: { file: /t } } }',
    `${AT}.vault.address: a URL carries a name or a secret before its @`,
  ],
  [
    '{ awsSecretsManager: { secretId: a, region: Frankfurt } }',
    `${AT}.awsSecretsManager.region: is no region`,
  ],
  [
    aws(', endpoint: "http://a.example"'),
    `${AT}.awsSecretsManager.endpoint: is plain http that leaves this host`,
  ],
  [
    aws(', credentials: { accessKeyId: AKIAEXAMPLE000001, secretAccessKey: hunter2 }'),
    `${AT}.awsSecretsManager.credentials.secretAccessKey: does not say where the secret is`,
  ],
])('%s is refused at its place', (source, issue) => {
  const issues = issuesOf(source)
  expect(issues).toContain(issue)
  expect(issues.join()).not.toContain('hunter2')
})

test.each([
  ['http://127.0.0.1:8200', ''],
  ['http://[::1]:8200', ''],
  ['http://vault.example:8200', ', insecure: true'],
])('plain http to %s%s is accepted', (address, more) => {
  const keys = `address: "${address}", path: a, key: b, token: { file: /t }${more}`
  expect(issuesOf(`{ vault: { ${keys} } }`)).toEqual([])
})

test('what a source logs in with must be there, by the path of its key', () => {
  expect(issuesOf(vault('token: { env: NOT_SET }'))).toEqual([
    `${AT}.vault.token: the environment variable is not set`,
  ])
})

test.each([
  ['{"a":{"b":"x"}}', '/a/b', 'x'],
  ['{"a/b":["x","y"]}', '/a~1b/1', 'y'],
  ['{"~":"x"}', '/~0', 'x'],
  ['{"__proto__":"x"}', '/__proto__', 'x'],
])('in %s, %s leads to %s', (document, pointer, value) => {
  expect(textInJson(document, pointer)).toBe(value)
})

test.each([
  ['hunter2', '/a', 'is no JSON document'],
  ['{"a":"hunter2"}', '/b', 'has no member there'],
  ['{"a":"hunter2"}', '/toString', 'has no member there'],
  ['{"a":"hunter2"}', '/a/0', 'has no member there'],
  ['{"a":12345678901234567890}', '/a', 'holds no text there'],
  ['{"a":null}', '/a', 'holds no text there'],
])('in %s, %s leads nowhere', (document, pointer, message) => {
  const refusal = textInJson(document, pointer)
  expect(refusal).toMatchObject({ message })
  expect(JSON.stringify(refusal)).not.toContain('hunter2')
})
