import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runEmulator } from '../../../src/cli/emulator.ts'
import {
  startVonageEmulator,
  type VonageEmulator,
} from '../../../src/emulator/vonage/start-vonage-emulator.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { SeededRandom } from '../../fakes/random.ts'

const KEY = 'a1b2c3d4'
const APP = '11111111-aaaa-bbbb-cccc-000000000001'
const pair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
const keys = pair()
const others = pair()

const clock = new FakeClock()
const nowS = () => Math.floor(clock.now() / 1_000)
const running: VonageEmulator[] = []
afterEach(() => Promise.all(running.splice(0).map((emulator) => emulator.close())))

async function start(): Promise<VonageEmulator> {
  const emulator = await startVonageEmulator({
    accounts: [
      { key: KEY, secrets: ['Emulated1Secret'], signature: { secret: 's', algorithm: 'sha256' } },
    ],
    applications: [{ id: APP, account: KEY, publicKey: keys.publicKey }],
    clock,
    random: new SeededRandom(1),
  })
  running.push(emulator)
  return emulator
}

function token(more: object = {}, key = keys.privateKey, alg = 'RS256'): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = nowS()
  const claims = { application_id: APP, iat, exp: iat + 900, jti: 'j', ...more }
  const text = `${encode({ alg, typ: 'JWT' })}.${encode(claims)}`
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}

const callsOf = (url: string, bearer: string) =>
  fetch(`${url}/v1/calls`, { headers: { authorization: `Bearer ${bearer}` } })

test.each([
  ['as it should be', () => token(), 200],
  ['a clock 30 s ahead', () => token({ iat: nowS() + 30 }), 200],
  ['of two days ahead', () => token({ iat: nowS() + 172_800, exp: nowS() + 173_000 }), 401],
  ['that has expired', () => token({ iat: nowS() - 2_000, exp: nowS() - 1_000 }), 401],
  ['that lives too long', () => token({ exp: nowS() + 90_000 }), 401],
  ['without an identity', () => token({ jti: undefined }), 401],
  ['of an unknown application', () => token({ application_id: 'x' }), 401],
  ['of another key', () => token({}, others.privateKey), 401],
  ['that is not signed', () => token({}, keys.privateKey, 'none'), 401],
])('a token %s', async (_name, make, status) => {
  const { url } = await start()
  expect((await callsOf(url, make())).status).toBe(status)
})

test('Video says it by 403', async () => {
  const { url } = await start()
  const headers = { authorization: `Bearer ${token({}, others.privateKey)}` }
  const answer = await fetch(`${url}/session/create`, { method: 'POST', headers })
  expect([answer.status, await answer.json()]).toEqual([
    403,
    { code: 403, message: 'You passed in an invalid JWT token' },
  ])
})

test.each([
  ['as it should be', 's', 0, '0'],
  ['with another secret', 'x', 0, '14'],
  ['of ten minutes ago', 's', -600, '14'],
])('a signature %s', async (_name, secret, skewS, status) => {
  const { url } = await start()
  const parameters = {
    api_key: KEY,
    from: 'A',
    text: 'a&b',
    timestamp: String(nowS() + skewS),
    to: '1',
  }
  const text = Object.entries(parameters)
    .map(([name, value]) => `&${name}=${value.replace('&', '_')}`)
    .join('')
  const sig = createHmac('sha256', secret).update(text).digest('hex')
  const body = new URLSearchParams({ ...parameters, sig })
  const answer = await fetch(`${url}/sms/json`, { method: 'POST', body })
  expect(await answer.json()).toMatchObject({ messages: [{ status }] })
})

test('applications come by argument and over the control API', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sidekey-emulator-'))
  const file = join(directory, 'public.pem')
  await writeFile(file, keys.publicKey)
  const quiet = { write: () => true }
  const run = await runEmulator(
    ['--account', `${KEY}=One`, '--application', `${APP}=${file}`],
    { stdout: quiet, stderr: quiet },
    { clock, random: new SeededRandom(1) },
  )
  await rm(directory, { recursive: true })
  if (run.kind !== 'running') throw new Error('it did not start')
  const url = `http://127.0.0.1:${run.port}`
  expect((await callsOf(url, token())).status).toBe(200)
  const enrol = (publicKey: string) =>
    fetch(`${url}/__emulator/applications`, {
      method: 'POST',
      body: JSON.stringify({ id: APP, account: KEY, publicKey }),
    })
  expect((await enrol(others.publicKey)).status).toBe(201)
  expect((await callsOf(url, token())).status).toBe(401)
  expect((await callsOf(url, token({}, others.privateKey))).status).toBe(200)
  expect((await enrol('no key')).status).toBe(409)
  await run.close()
})
