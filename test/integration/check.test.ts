import { generateKeyPairSync } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { catalog } from '../../src/catalog.ts'
import { runCheck } from '../../src/cli/check.ts'
import { checkOnline } from '../../src/cli/check-online.ts'
import { readRecordedSecret } from '../../src/cli/recorded-secret.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import type { Catalog } from '../../src/config/provider-module.ts'
import type { CredentialRecord } from '../../src/kernel/credential.ts'
import { StoreUnreadableError } from '../../src/kernel/errors.ts'
import type { VerifyAnswer } from '../../src/kernel/ports/provider.ts'
import { SecretValue } from '../../src/kernel/secret-value.ts'
import { openFileStore } from '../../src/stores/file/file-store.ts'
import { acmeModule, fakeCatalog } from '../fakes/catalog.ts'
import { FakeClock } from '../fakes/clock.ts'
import { RecordingLog } from '../fakes/log.ts'
import { SeededRandom } from '../fakes/random.ts'

const SECRET = 'S3cr3tCanary'
const KEY = Buffer.alloc(32, 7).toString('base64')

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidekey-check-'))
})
afterEach(() => rm(directory, { recursive: true }))

interface Run {
  readonly code: number
  readonly out: readonly string[]
  readonly err: readonly string[]
}

async function check(
  args: readonly string[],
  withCatalog: Catalog = fakeCatalog,
  env: Record<string, string> = {},
): Promise<Run> {
  const out: string[] = []
  const err: string[] = []
  const code = await runCheck(
    args,
    { out: (line) => out.push(line), err: (line) => err.push(line) },
    { catalog: withCatalog, env, clock: new FakeClock(), log: new RecordingLog() },
  )
  expect([...out, ...err].join('\n')).not.toContain(SECRET)
  return { code, out, err }
}

async function write(name: string, content: string): Promise<string> {
  const path = join(directory, name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
  return path
}

/** A file with one rotating credential, whose preset leads to `api`. */
async function acmeConfig(api = 'https://api.acme.example'): Promise<string> {
  await write('key', KEY)
  await write('acme', SECRET)
  return write(
    'sidekey.yaml',
    `store: { directory: ./store, keyFile: key }
credentials:
  acme:
    provider: acme
    apiKey: a1b2
    secret: { file: acme }
routes:
  - { name: a, upstream: "${api}", credential: acme, inject: { bearer: "{secret}" } }
`,
  )
}

const EXAMPLES = [
  'all.yaml',
  'grpc.yaml',
  'http-provider.yaml',
  'kinds.yaml',
  'providers.yaml',
  'secondary-accounts.yaml',
  'sidekey.yaml',
  'signed.yaml',
  'sources.yaml',
  'static.yaml',
]

const publicKeyEncoding = { type: 'spki', format: 'pem' } as const
const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const
const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding,
  privateKeyEncoding,
})
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding, privateKeyEncoding })

/** What an example may refer to: a private key, a key or a token, a JSON document, a secret. */
function contentOf(path: string): string {
  if (path.endsWith('.pem')) return (path.startsWith('ledger') ? ec : rsa).privateKey
  if (/key|admin|token/.test(path)) return KEY
  const version = { token: SECRET }
  return path.endsWith('.json') ? JSON.stringify({ current: version, previous: version }) : SECRET
}

test.each(EXAMPLES)('config/%s is valid', async (name) => {
  const text = await readFile(join('config', name), 'utf8')
  expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/schema\.json\n/)
  await checkMoved(name, text)
})

/** Checks an example with what it refers to, in a directory of this test. */
async function checkMoved(name: string, text: string): Promise<void> {
  for (const [, path = ''] of text.matchAll(/\/run\/secrets\/([\w./-]+)/g)) {
    await write(`secrets/${path}`, contentOf(path))
  }
  const moved = text
    .replaceAll('/run/secrets', join(directory, 'secrets'))
    .replaceAll('/var/lib/sidekey', join(directory, 'store'))
  const file = await write(name, moved)
  const env = { MARKETING_SECRET: SECRET }
  const { code, err, out } = await check(['--config', file], catalog, env)
  expect(err.filter((line) => !line.startsWith('warning: '))).toEqual([])
  expect(code).toBe(0)
  expect(out.at(-1)).toBe(`${file} is valid`)
}

test('the ten lines of README are ten lines, and valid', async () => {
  const readme = await readFile('README.md', 'utf8')
  const text = /## Ten lines of configuration\n\n```yaml\n([^]*?)```/.exec(readme)?.[1] ?? ''
  expect(text.trimEnd().split('\n')).toHaveLength(10)
  await checkMoved('readme.yaml', text)
})

test('every example is among those above', async () => {
  const names = (await readdir('config')).filter((name) => name.endsWith('.yaml'))
  expect(names.toSorted()).toEqual(EXAMPLES)
})

test('a good file ends in a picture of what it does', async () => {
  const { code, out } = await check(['--config', await acmeConfig()])
  expect(code).toBe(0)
  expect(out).toEqual([
    'proxy  127.0.0.1:8080',
    'admin  127.0.0.1:9901, API off',
    `store  ${join(directory, 'store')}`,
    'credentials',
    '  acme  acme  a1b2  every 30d ± 10%, drain 1h, standby hot',
    'routes',
    '  a  /a  → https://api.acme.example  as acme',
    `${join(directory, 'sidekey.yaml')} is valid`,
  ])
})

test('a bad file ends with 78 and one line for each error', async () => {
  const file = await write(
    'bad.yaml',
    `proxy:
  listen: 0.0.0.0:8080
credentials:
  acme:
    provider: static
    secret: { file: none }
    apikey: ${SECRET}
`,
  )
  const { code, out, err } = await check(['--config', file], catalog)
  expect(code).toBe(78)
  expect(out).toEqual([])
  expect(err).toEqual([
    `${file}:2 proxy.listen: lets other hosts use the credentials — listen on 127.0.0.1 or a unix socket, or name \`clients\` with tokens`,
    `${file}:7 credentials.acme.apikey: unknown key — the keys here are provider, secret, current, previous, rotation`,
  ])
})

test.each([
  ['missing', null, 'the file does not exist — create or mount it, or correct the path'],
  ['empty', '\n', 'is empty — write the secret there'],
  [
    'unfit for a header',
    `${SECRET}\nX-Evil: 1`,
    'holds characters that can not stand in a header — use visible ASCII without line breaks, or inject it by query, form or json',
  ],
])('a secret that is %s ends with 78 and its line', async (_name, secret, message) => {
  const file = await acmeConfig()
  await rm(join(directory, 'acme'))
  if (secret !== null) await write('acme', secret)
  const { code, err } = await check(['--config', file])
  expect(code).toBe(78)
  expect(err.filter((line) => !line.startsWith('warning'))).toEqual([
    `${file}:6 credentials.acme.secret: ${message}`,
  ])
})

test('a key of the store that is none ends with 78', async () => {
  const file = await acmeConfig()
  await write('key', SECRET)
  const { code, err } = await check(['--config', file])
  expect(code).toBe(78)
  expect(err).toEqual([
    `${file}:1 store.keyFile: holds no key of 32 bytes — make one with: openssl rand -base64 32`,
  ])
})

test('a store directory that others can reach ends with 78', async () => {
  const file = await acmeConfig()
  await mkdir(join(directory, 'store'))
  await chmod(join(directory, 'store'), 0o777)
  const { code, err } = await check(['--config', file])
  expect(code).toBe(78)
  expect(err.join()).toContain('store.directory')
  await chmod(join(directory, 'store'), 0o700)
  expect((await check(['--config', file])).code).toBe(0)
})

test.each([
  ['no file', []],
  ['a flag that does not exist', ['--config', 'x', '--onlin']],
  ['a second file', ['--config', 'x', 'y']],
])('%s ends with 64', async (_name, args) => {
  const { code, err } = await check(args)
  expect(code).toBe(64)
  expect(err).toEqual(['usage: sidekey check --config FILE [--online] [--json]'])
})

test('a configuration that does not exist, is too long or no text ends with 78', async () => {
  const missing = join(directory, 'none.yaml')
  expect(await check(['--config', missing])).toMatchObject({
    code: 78,
    err: [`${missing}: the file does not exist — create or mount it, or correct the path`],
  })
  const long = await write('long.yaml', `#${'x'.repeat(4 * 1024 * 1024)}`)
  expect((await check(['--config', long])).err).toEqual([
    `${long}: is longer than 4194304 bytes — shorten it`,
  ])
})

test('warnings do not fail the check', async () => {
  const file = await write(
    'static.yaml',
    'credentials: { a: { provider: mounted, current: { env: ACME }, previous: { file: none } } }',
  )
  const { code, err } = await check(['--config', file], fakeCatalog, { ACME: SECRET })
  expect(code).toBe(0)
  expect(err).toEqual([
    `warning: ${file}:1 routes: has no entry, so every request is refused — add a route or a preset`,
    `warning: ${file}:1 admin: has no \`tokenFile\`, so the API is off — add \`tokenFile\` to rotate by command`,
    `warning: ${file}:1 credentials.a.current: is read from the environment — prefer a file: /proc shows the environment`,
    `warning: ${file}:1 credentials.a.previous: the file does not exist — create or mount it, or correct the path`,
  ])
})

test('a short rotation and no standby are warned of', async () => {
  const file = await acmeConfig()
  const text = await readFile(file, 'utf8')
  const rotation = '    rotation: { every: 5s, drain: 1s, standby: none }\nroutes:'
  await writeFile(file, text.replace('routes:', rotation))
  const { code, err } = await check(['--config', file])
  expect(code).toBe(0)
  expect(err.map((line) => line.split(' ')[2])).toEqual([
    'admin:',
    'credentials.acme.rotation.every:',
    'credentials.acme.rotation.drain:',
    'credentials.acme.rotation.standby:',
  ])
})

test('--json prints one object, with errors or with warnings', async () => {
  const good = await check(['--json', '--config', await acmeConfig()])
  expect(JSON.parse(good.out.join(''))).toMatchObject({ ok: true, errors: [], online: [] })
  const bad = await check(['--json', '--config', await write('bad.yaml', 'proxi: 1')])
  expect(bad.code).toBe(78)
  expect(JSON.parse(bad.out.join(''))).toMatchObject({
    ok: false,
    errors: [{ path: 'proxi', line: 1, message: 'unknown key', remedy: 'did you mean `proxy`?' }],
  })
})

async function listening(): Promise<Server> {
  const server = createServer((_request, response) => response.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

test.each<[VerifyAnswer, number, string]>([
  [{ kind: 'accepted' }, 0, 'ok      credential acme: accepted'],
  [
    { kind: 'refused', service: 'api' },
    1,
    'FAILED  credential acme: refused by api — give it a secret that the account has now',
  ],
  [
    { kind: 'inconclusive', service: 'rest', retryAfterMs: null },
    1,
    'FAILED  credential acme: inconclusive by rest — try again when the service answers',
  ],
])('--online lets the provider judge the secret: %j', async (answer, expected, line) => {
  const server = await listening()
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const seen: string[] = []
  const acme = acmeModule((value) => {
    seen.push(value.expose())
    return answer
  })
  const withAcme = { ...fakeCatalog, providers: [acme] }
  const { code, out } = await check(['--online', '--config', await acmeConfig(origin)], withAcme)
  server.close()
  expect(code).toBe(expected)
  expect(out.slice(-2)).toEqual([`ok      upstream ${origin}: reachable`, line])
  expect(seen).toEqual([SECRET])
})

test('--online verifies the recorded secret, not the one that the first rotation revoked', async () => {
  const file = await acmeConfig()
  const { config } = await loadConfig(file, fakeCatalog, {})
  const deps = {
    clock: new FakeClock(),
    random: new SeededRandom(1),
    log: new RecordingLog(),
    env: {},
  }
  expect(await readRecordedSecret(config, 'acme', deps)).toBeNull()
  expect(await readdir(directory)).not.toContain('store')

  const store = await openFileStore({
    ...deps,
    directory: join(directory, 'store'),
    key: Buffer.from(KEY, 'base64'),
  })
  await store.compareAndSwap('acme', null, recordOf('rotated-secret'))
  await store.close()
  const recorded = await readRecordedSecret(config, 'acme', deps)
  expect(recorded?.expose()).toBe('rotated-secret')

  const seen: string[] = []
  const acme = acmeModule((value) => {
    seen.push(value.expose())
    return { kind: 'accepted' }
  })
  const results = await checkOnline(
    { ...config, routes: [] },
    {
      ...deps,
      catalog: { ...fakeCatalog, providers: [acme] },
      recordedSecret: (current, id) => readRecordedSecret(current, id, deps),
    },
    () => {},
  )
  expect(results).toEqual([
    { kind: 'credential', name: 'acme', ok: true, detail: 'accepted', remedy: null },
  ])
  expect(seen).toEqual(['rotated-secret'])
})

test('--online says that the store can not be read, and verifies nothing', async () => {
  const { config } = await loadConfig(await acmeConfig(), fakeCatalog, {})
  const results = await checkOnline(
    { ...config, routes: [] },
    {
      catalog: fakeCatalog,
      env: {},
      clock: new FakeClock(),
      log: new RecordingLog(),
      recordedSecret: () => Promise.reject(new StoreUnreadableError('wrong key')),
    },
    () => {},
  )
  expect(results).toEqual([
    {
      kind: 'credential',
      name: 'acme',
      ok: false,
      detail: 'store-unreadable',
      remedy: 'look at the store',
    },
  ])
})

function recordOf(secret: string): CredentialRecord {
  return {
    schema: 1,
    credentialId: 'acme',
    account: 'a1b2',
    phase: 'idle',
    phaseSinceMs: 1,
    blocked: null,
    paused: false,
    lastGeneration: 2,
    current: {
      generation: 2,
      value: new SecretValue(secret),
      secretId: 'id-2',
      fingerprint: 'f',
      createdAtMs: 1,
      activatedAtMs: 1,
      bootstrap: false,
    },
    pending: null,
    previous: null,
    tombstones: [],
    absentSinceMs: null,
    emergency: null,
    requestedAtMs: null,
    bootstrapConsent: false,
    lastRotationAtMs: 1,
    nextRotationAtMs: null,
    notBeforeMs: null,
    lastWriter: { instance: 'a', fence: 1 },
  }
}

test('--online ends with 1 when an upstream can not be reached', async () => {
  const server = await listening()
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise((resolve) => server.close(resolve))
  const { code, out } = await check(['--online', '--config', await acmeConfig(origin)])
  expect(code).toBe(1)
  expect(out).toContain(
    `FAILED  upstream ${origin}: ECONNREFUSED — see that it runs, and that this host may reach it`,
  )
})
