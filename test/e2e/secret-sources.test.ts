import { readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { request } from 'undici'
import { FakeAws } from '../fakes/secret-servers/fake-aws.ts'
import { FakeVault } from '../fakes/secret-servers/fake-vault.ts'
import { FakeUpstream } from '../fakes/upstream.ts'
import { runCli, SidekeyHome, SidekeyProcess } from './sidekey-process.ts'
import { BOOTSTRAP, endAll, raiseWorld, secretsEver } from './world.ts'

const TOKEN = 'hvs.token-for-tests-0123456789'
const KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const OLD = 'Partner1Secret-Aa1'
const NEW = 'Partner2Secret-Bb2'
const LAST = 'Partner3Secret-Cc3'

const ends: (() => Promise<unknown>)[] = []
afterEach(() => endAll(ends))

/** An upstream that takes one of the secrets that are valid there now. */
async function raiseUpstream(valid: Set<string>): Promise<FakeUpstream> {
  const upstream = new FakeUpstream((seen, response) => {
    const [secret = ''] = seen.values('x-api-key')
    response.statusCode = valid.has(secret) ? 200 : 401
    response.end()
  })
  await upstream.start()
  ends.push(() => upstream.stop())
  return upstream
}

function raiseHome(sources: string, origin: string): SidekeyHome {
  const home = new SidekeyHome({ token: TOKEN })
  ends.push(async () => home.remove())
  home.write(
    'sidekey.yaml',
    `proxy: { listen: 127.0.0.1:0 }
admin: { listen: 127.0.0.1:0, tokenFile: ${home.path('admin-token')} }
credentials:
  partner:
    provider: static
${sources}
routes:
  - name: partner
    upstream: ${origin}
    credential: partner
    inject: { header: X-Api-Key, format: "{secret}" }
    authFailure: [{ status: 401 }]
`,
  )
  return home
}

const vaultSources = (url: string) =>
  ['current', 'previous']
    .map(
      (version) => `    ${version}:
      vault: { address: "${url}", path: partner/api, key: password, token: { file: token }, version: ${version}, refresh: 1s }`,
    )
    .join('\n')

async function start(home: SidekeyHome, env?: Readonly<Record<string, string>>) {
  const sidekey = await SidekeyProcess.start(home, env)
  ends.push(() => sidekey.kill())
  return sidekey
}

async function send(sidekey: SidekeyProcess): Promise<number> {
  const answer = await request(`${sidekey.proxy}/partner/v1/things`)
  await answer.body.dump()
  return answer.statusCode
}

const lastSecret = (upstream: FakeUpstream) => upstream.requests.at(-1)?.values('x-api-key')[0]

async function metric(sidekey: SidekeyProcess, series: string): Promise<number> {
  const { text } = await sidekey.page('/metrics')
  const line = text.split('\n').find((one) => one.startsWith(`${series} `))
  return Number(line?.slice(series.length + 1))
}

const FRESH = (source: string) =>
  `sidekey_secret_source_last_success_timestamp_seconds{credential="partner",source="${source}"}`

test('a value that is rotated in Vault reaches requests, the one before it heals them, and a dead Vault costs none', async () => {
  const vault = new FakeVault()
  await vault.start()
  ends.push(() => vault.kill())
  vault.tokens.set(TOKEN, { ttl: 0, renewable: false })
  vault.put('secret/partner/api', { password: OLD })
  const valid = new Set([OLD])
  const upstream = await raiseUpstream(valid)
  const sidekey = await start(raiseHome(vaultSources(vault.url), upstream.origin))
  const statuses: number[] = []
  const sendMany = async () => {
    for (let i = 0; i < 10; i++) statuses.push(await send(sidekey))
  }
  await sendMany()
  expect(lastSecret(upstream)).toBe(OLD)

  // Rotated in Vault, and not yet valid upstream: each refusal is healed by the version before.
  vault.put('secret/partner/api', { password: NEW })
  await vi.waitFor(
    async () => {
      statuses.push(await send(sidekey))
      expect(upstream.requests.some((seen) => seen.values('x-api-key').includes(NEW))).toBe(true)
    },
    { timeout: 20_000 },
  )
  await sendMany()
  expect(lastSecret(upstream)).toBe(OLD)

  // Valid upstream now, and Vault is away: requests go on, and the age is seen.
  valid.add(NEW)
  await vault.kill()
  await sidekey.logged((line) => line.event === 'secret source not read' && line['kept'] === true)
  const freshAt = await metric(sidekey, FRESH('current'))
  expect(freshAt).toBeGreaterThan(1_700_000_000)
  await sendMany()
  expect((await sidekey.page('/readyz')).status).toBe(200)
  expect(await metric(sidekey, FRESH('current'))).toBe(freshAt)
  const failed =
    'sidekey_secret_source_reads_total{credential="partner",source="current",outcome="unavailable"}'
  expect(await metric(sidekey, failed)).toBeGreaterThan(0)

  // Back, with the next value.
  vault.put('secret/partner/api', { password: LAST })
  valid.add(LAST)
  await vault.start()
  await sidekey.logged((line) => line.event === 'secret source answers')
  await vi.waitFor(
    async () => {
      statuses.push(await send(sidekey))
      expect(lastSecret(upstream)).toBe(LAST)
    },
    { timeout: 20_000 },
  )
  expect(await metric(sidekey, FRESH('current'))).toBeGreaterThanOrEqual(freshAt)

  expect(new Set(statuses)).toEqual(new Set([200]))
  const shown = [
    sidekey.output,
    (await sidekey.page('/metrics')).text,
    (await sidekey.page('/')).text,
  ]
  for (const text of [...shown, (await sidekey.api('GET', '/api/credentials')).text]) {
    for (const secret of [TOKEN, OLD, NEW, LAST]) expect(text).not.toContain(secret)
  }
})

test('it starts without its Vault, is not ready, says why, and is ready when Vault is there', async () => {
  const vault = new FakeVault()
  await vault.start()
  await vault.kill()
  ends.push(() => vault.kill())
  const upstream = await raiseUpstream(new Set([OLD]))
  const home = raiseHome(vaultSources(vault.url), upstream.origin)

  const checked = await runCli(['check', '--config', home.path('sidekey.yaml'), '--online'])
  expect(checked.code).toBe(1)
  expect(checked.out).toContain('FAILED  source partner current: can not be reached (ECONNREFUSED)')

  const sidekey = await start(home)
  expect(await send(sidekey)).toBe(503)
  const ready = await sidekey.page('/readyz?verbose')
  expect(ready.status).toBe(503)
  expect(ready.text).toContain('partner')
  const said = await sidekey.logged((line) => line.event === 'secret source not read')
  expect(said).toMatchObject({ credential: 'partner', source: 'current', kept: false })

  vault.tokens.set(TOKEN, { ttl: 0, renewable: false })
  vault.put('secret/partner/api', { password: OLD })
  await vault.start()
  await vi.waitFor(async () => expect(await send(sidekey)).toBe(200), { timeout: 20_000 })
  expect((await sidekey.page('/readyz')).status).toBe(200)
  const online = await runCli(['check', '--config', home.path('sidekey.yaml'), '--online'])
  expect(online.out).toContain('ok      source partner current: read')
  expect(online.code).toBe(0)
  for (const text of [sidekey.output, checked.out, checked.err, online.out, online.err]) {
    for (const secret of [TOKEN, OLD]) expect(text).not.toContain(secret)
  }
})

test('the labels of AWS are the two secrets of a credential', async () => {
  const aws = new FakeAws()
  await aws.start()
  ends.push(() => aws.kill())
  aws.put('prod/partner', OLD)
  aws.put('prod/partner', NEW)
  // Rotated in AWS, and not yet upstream.
  const upstream = await raiseUpstream(new Set([OLD]))
  const keys = `secretId: prod/partner, region: eu-central-1, endpoint: "${aws.url}"`
  const sources = `    current: { awsSecretsManager: { ${keys} } }
    previous: { awsSecretsManager: { ${keys}, version: previous } }`
  const sidekey = await start(raiseHome(sources, upstream.origin), {
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE0000000001',
    AWS_SECRET_ACCESS_KEY: KEY,
  })
  expect(await send(sidekey)).toBe(200)
  expect(upstream.requests.map((seen) => seen.values('x-api-key')[0])).toEqual([NEW, OLD])
  await aws.kill()
  expect(await send(sidekey)).toBe(200)
  for (const secret of [KEY, OLD, NEW]) expect(sidekey.output).not.toContain(secret)
})

test('a first secret in Vault is read once; without Vault the rotation waits for it', async () => {
  const vault = new FakeVault()
  await vault.start()
  await vault.kill()
  ends.push(() => vault.kill())
  const world = await raiseWorld()
  const { home } = world
  home.write('token', TOKEN)
  const config = readFileSync(home.path('sidekey.yaml'), 'utf8')
  const source = `{ vault: { address: "${vault.url}", path: vonage, key: secret, token: { file: token }, refresh: 1s } }`
  home.write('sidekey.yaml', config.replace(/secret: \{ file: .* \}/, `secret: ${source}`))

  const sidekey = await world.start()
  await sidekey.logged((line) => line.event === 'credential waits for its secret source')
  expect((await sidekey.page('/readyz')).status).toBe(503)
  vault.tokens.set(TOKEN, { ttl: 0, renewable: false })
  vault.put('secret/vonage', { secret: BOOTSTRAP })
  await vault.start()
  await sidekey.logged((line) => line.event === 'rotation step' && line['step'] === 'stage')
  expect((await sidekey.page('/readyz')).status).toBe(200)

  // The record holds it now: nobody looks any more, and a restart needs no Vault.
  await sidekey.stop()
  const asked = vault.calls.length
  await vault.kill()
  const again = await world.start()
  expect((await again.page('/readyz')).status).toBe(200)
  expect(vault.calls.length).toBe(asked)
  for (const secret of [TOKEN, ...secretsEver(world)]) {
    expect(sidekey.output + again.output).not.toContain(secret)
  }
})
