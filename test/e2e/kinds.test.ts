import { generateKeyPairSync } from 'node:crypto'
import { Vonage } from '@vonage/server-sdk'
import { afterEach, expect, test, vi } from 'vitest'
import {
  startVonageEmulator,
  type VonageEmulator,
} from '../../src/emulator/vonage/start-vonage-emulator.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { SystemClock } from '../../src/platform/system-clock.ts'
import { expectKnown, MAIN as PRIMARY, MARKETING, raiseFamily } from './family.ts'
import { runCli, SidekeyHome, SidekeyProcess } from './sidekey-process.ts'
import { endAll } from './world.ts'

const MAIN = 'a1b2c3d4'
const OTHER = 'e5f6a7b8'
const SECRETS = { [MAIN]: 'Current1Secret-Aa0', [OTHER]: 'Current1Secret-Bb1' }
const SIGNATURE = 'signature-secret-Cc2'
const VOICE = '11111111-aaaa-bbbb-cccc-000000000001'
const VIDEO = '11111111-aaaa-bbbb-cccc-000000000002'
const PLACEHOLDER = 'via-sidekey'

const pair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
const voice = pair()
const video = pair()
/** An SDK wants a key that can be parsed; nobody knows this one. */
const dummy = pair()

const endings: (() => Promise<unknown>)[] = []
afterEach(() => endAll(endings))

/** Two accounts behind one route, the first with two applications and a signature secret. */
async function raise(): Promise<{ emulator: VonageEmulator; home: SidekeyHome }> {
  const emulator = await startVonageEmulator({
    accounts: [
      {
        key: MAIN,
        secrets: [SECRETS[MAIN] ?? ''],
        signature: { secret: SIGNATURE, algorithm: 'sha256' },
      },
      { key: OTHER, secrets: [SECRETS[OTHER] ?? ''] },
    ],
    applications: [
      { id: VOICE, account: MAIN, publicKey: voice.publicKey },
      { id: VIDEO, account: MAIN, publicKey: video.publicKey },
    ],
    clock: new SystemClock(),
    random: new CryptoRandom(),
  })
  endings.push(() => emulator.close())
  const home = new SidekeyHome({
    main: SECRETS[MAIN] ?? '',
    other: SECRETS[OTHER] ?? '',
    'voice.pem': voice.privateKey,
    'video.pem': video.privateKey,
    signature: SIGNATURE,
  })
  endings.push(async () => home.remove())
  const hosts = ['api', 'rest', 'video', 'eu'].map((alias) => `${alias}: ${emulator.url}`)
  const account = (key: string) => `
    provider: vonage
    apiKey: ${key}
    rotation: off
    baseUrls: { ${hosts.join(', ')} }`
  home.write(
    'sidekey.yaml',
    `proxy: { listen: 127.0.0.1:0 }
admin: { listen: 127.0.0.1:0, tokenFile: admin-token }
credentials:
  main:${account(MAIN)}
    current: { file: main }
    applications:
      - { id: ${VOICE}, privateKeyFile: voice.pem }
      - { id: ${VIDEO}, privateKeyFile: video.pem }
    signature: { secret: { file: signature }, algorithm: sha256 }
  other:${account(OTHER)}
    current: { file: other }
routes:
  - { preset: vonage, name: vonage, credentials: [main, other] }
`,
  )
  return { emulator, home }
}

async function start() {
  const world = await raise()
  const sidekey = await SidekeyProcess.start(world.home)
  endings.push(() => sidekey.kill())
  const host = (alias: string) => `${sidekey.proxy}/vonage/${alias}`
  const hosts = { apiHost: host('api'), restHost: host('rest'), videoHost: host('video') }
  const client = (applicationId: string) =>
    new Vonage(
      {
        apiKey: MAIN,
        apiSecret: PLACEHOLDER,
        applicationId,
        privateKey: dummy.privateKey,
      },
      hosts,
    )
  const calls = () => world.emulator.control.requests().filter(({ account }) => account !== null)
  return { ...world, sidekey, client, calls, host }
}

const outboundCall = {
  to: [{ type: 'phone', number: '447700900000' }],
  from: { type: 'phone', number: '447700900001' },
  ncco: [{ action: 'talk', text: 'hello' }],
} as never

test('one account: SMS with the secret, Voice, Messages and Video with tokens of its applications', async () => {
  const { client, calls, sidekey } = await start()
  const sms = await client(VOICE).sms.send({ to: '447700900000', from: 'Acme', text: 'hi' })
  expect(sms.messages[0]?.status).toBe('0')
  const call = await client(VOICE).voice.createOutboundCall(outboundCall)
  expect(call.status).toBe('started')
  const sent = await client(VOICE).messages.send({
    messageType: 'text',
    channel: 'sms',
    to: '447700900000',
    from: 'Acme',
    text: 'hi',
  } as never)
  expect(sent.messageUUID).toMatch(/-/)
  const session = await client(VIDEO).video.createSession()
  expect(session.sessionId).toMatch(/-/)
  expect(
    calls().map(({ operation, placement, refused }) => [operation, placement, refused]),
  ).toEqual([
    ['sms.send', 'basic', false],
    ['voice.create', 'token', false],
    ['messages.send', expect.stringMatching(/token|basic/), false],
    ['video.create', 'token', false],
  ])
  const log = sidekey.output
  for (const secret of [...Object.values(SECRETS), SIGNATURE]) expect(log).not.toContain(secret)
  expect(log).not.toContain(voice.privateKey.slice(60, 120))
})

test('a new private key is used as soon as its file changes; one that is none changes nothing', async () => {
  const { client, home, emulator, sidekey } = await start()
  const call = () => client(VOICE).voice.createOutboundCall(outboundCall)
  await call()
  home.write('voice.pem', 'no key at all')
  await sidekey.logged(({ event }) => event === 'secret not read')
  expect((await call()).status).toBe('started')
  const next = pair()
  home.write('voice.pem', next.privateKey)
  emulator.control.enrol({ id: VOICE, account: MAIN, publicKey: next.publicKey })
  await vi.waitFor(async () => expect((await call()).status).toBe('started'), {
    timeout: 20_000,
    interval: 300,
  })
})

test('a signed request gets our signature and time, and neither secret nor header', async () => {
  const { calls, host } = await start()
  const parameters = { to: '447700900000', from: 'Acme', text: 'a&b=c é', timestamp: '1' }
  const send = (key: string) =>
    fetch(`${host('rest')}/sms/json`, {
      method: 'POST',
      body: new URLSearchParams({ api_key: key, ...parameters, sig: 'f'.repeat(32) }),
    })
  const taken = await send(MAIN)
  expect(await taken.json()).toMatchObject({ messages: [{ status: '0' }] })
  expect(calls().map(({ placement, refused }) => [placement, refused])).toEqual([
    ['signature', false],
  ])
  // No secret is sent where a signature was asked for, and there is none to make it with.
  const refused = await send(OTHER)
  expect([refused.status, refused.headers.get('sidekey-error')]).toEqual([
    503,
    'credential-unavailable',
  ])
  expect(calls()).toHaveLength(1)
})

test('the public key of the caller selects the account, wherever it stands', async () => {
  const { calls, host } = await start()
  const balance = `${host('rest')}/account/get-balance`
  const basic = (key: string) => ({
    authorization: `Basic ${Buffer.from(`${key}:${PLACEHOLDER}`).toString('base64')}`,
  })
  await fetch(balance, { headers: basic(OTHER) })
  await fetch(`${balance}?api_key=${MAIN}&api_secret=x`)
  const body = { to: '1', from: 'Acme', text: 'hi', api_secret: PLACEHOLDER }
  const sms = `${host('rest')}/sms/json`
  await fetch(sms, { method: 'POST', body: new URLSearchParams({ ...body, api_key: OTHER }) })
  const headers = { 'content-type': 'application/json' }
  const json = (key: string) => JSON.stringify({ ...body, api_key: key })
  await fetch(sms, { method: 'POST', headers, body: json(OTHER) })
  await fetch(`${host('api')}/accounts/${OTHER}/secrets`)
  expect(calls().map(({ account, refused }) => [account, refused])).toEqual([
    [OTHER, false],
    [MAIN, false],
    [OTHER, false],
    [OTHER, false],
    [OTHER, false],
  ])
  const refusals = [
    await fetch(balance),
    await fetch(balance, { headers: basic('deadbeef') }),
    await fetch(`${balance}?api_key=${MAIN}`, { headers: basic(OTHER) }),
    await fetch(`${host('api')}/accounts/deadbeef/secrets`),
  ]
  for (const { status, headers: fields } of refusals) {
    expect([status, fields.get('sidekey-error')]).toEqual([403, 'credential-unknown'])
  }
  expect(calls()).toHaveLength(5)
})

test('a call that takes tokens only, and names no account by one, is refused', async () => {
  const { host, calls } = await start()
  const answer = await fetch(`${host('api')}/v1/calls?api_key=${OTHER}`)
  expect([answer.status, answer.headers.get('sidekey-error')]).toEqual([403, 'credential-unknown'])
  expect(calls()).toEqual([])
})

test('check names the file that holds no private key, and nothing of it', async () => {
  const { home } = await raise()
  home.write('voice.pem', 'canary-that-is-no-key')
  const { code, out, err } = await runCli(['check', '--config', home.path('sidekey.yaml')])
  expect(code).toBe(78)
  expect(out + err).toContain('credentials.main.applications[0].privateKeyFile')
  expect(out + err).toContain('is no private key for RS256')
  expect(out + err).not.toContain('canary')
})

test('a rotating primary and its secondary share a route, each with its own secret', async () => {
  const family = await raiseFamily('{ every: 30d, drain: 500ms, revokeBootstrap: auto }')
  const routes = ['main', 'marketing', 'support'].map(
    (id) => `  - { preset: vonage, credential: ${id} }`,
  )
  family.rotate(
    routes.join('\n'),
    '  - { preset: vonage, name: shared, credentials: [main, marketing, support] }',
  )
  const sidekey = await family.start()
  await vi.waitFor(() => expectKnown(family, sidekey), { timeout: 60_000, interval: 100 })
  const ask = (key: string) =>
    fetch(`${sidekey.proxy}/shared/rest/account/get-balance?api_key=${key}&api_secret=x`)
  const askBoth = async () => {
    for (const key of [PRIMARY, MARKETING]) expect((await ask(key)).status).toBe(200)
  }
  await askBoth()
  // Somebody ends the secret of one account: that one falls back, and the other one is left alone.
  family.emulator.control.revoke(MARKETING, 'last-used')
  await askBoth()
  const seen = family.emulator.control
    .requests()
    .filter(({ placement }) => placement === 'query')
    .map(({ account, refused }) => [account, refused])
  expect(seen).toEqual([
    [PRIMARY, false],
    [MARKETING, false],
    [PRIMARY, false],
    [MARKETING, true],
    [MARKETING, false],
  ])
  expect((await ask('deadbeef')).headers.get('sidekey-error')).toBe('credential-unknown')
})
