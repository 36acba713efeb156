import { expect, test } from 'vitest'
import { EXIT_USAGE } from '../../../src/cli/exit-codes.ts'
import { type OtherService, runOtherEmulator } from '../../../src/cli/emulator-others.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { basic } from './emulator.ts'

async function run(service: OtherService, ...argv: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const io = {
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
  }
  const deps = { clock: new FakeClock(), random: new SeededRandom(1) }
  const result = await runOtherEmulator(service, argv, io, deps)
  return { result, out: out.join(''), err: err.join('') }
}

async function running(service: OtherService, ...argv: readonly string[]) {
  const { result, out } = await run(service, ...argv)
  if (result.kind !== 'running') throw new Error('it did not start')
  expect(out).toBe(`{"listening":${result.port}}\n`)
  return { url: `http://127.0.0.1:${result.port}`, close: () => result.close() }
}

test('okta: its app, its secret and its token are taken from the arguments', async () => {
  const { url, close } = await running('okta', '--app', '0oaX=PlantedClientSecret', '--token', 'T')
  const secrets = `${url}/api/v1/apps/0oaX/credentials/secrets`
  const authorized = await fetch(secrets, { headers: { authorization: 'SSWS T' } })
  expect(await authorized.json()).toMatchObject([{ client_secret: 'PlantedClientSecret' }])
  expect((await fetch(secrets, { headers: { authorization: 'SSWS U' } })).status).toBe(401)
  await close()
})

test('okta: a second secret is deactivated before it is deleted, the only active one never', async () => {
  const { url, close } = await running('okta', '--app', '0oaX=PlantedClientSecret,PlantedSecond22')
  const secrets = `${url}/api/v1/apps/0oaX/credentials/secrets`
  const headers = { authorization: 'SSWS emulated-token' }
  const call = async (method: string, path: string) =>
    (await fetch(secrets + path, { method, headers })).status
  const listed = (await (await fetch(secrets, { headers })).json()) as readonly { id: string }[]
  const [first, second] = listed.map(({ id }) => `/${id}`)
  expect(await call('POST', '')).toBe(400)
  expect(await call('DELETE', second ?? '')).toBe(400)
  expect(await call('POST', `${second}/lifecycle/deactivate`)).toBe(200)
  expect(await call('POST', `${first}/lifecycle/deactivate`)).toBe(400)
  expect(await call('DELETE', second ?? '')).toBe(204)
  expect(await call('GET', second ?? '')).toBe(404)
  expect(await call('POST', '')).toBe(201)
  await close()
})

test('twilio: a token becomes the primary by its own promotion', async () => {
  const account = `AC${'1'.repeat(32)}`
  const { url, close } = await running('twilio', '--account', `${account}=first`)
  const call = (method: string, path: string, token: string) =>
    fetch(`${url}/v1/AuthTokens/${path}`, { method, headers: basic(account, token) })
  const created = await call('POST', 'Secondary', 'first')
  const { secondary_auth_token: second = '' } = (await created.json()) as {
    readonly secondary_auth_token?: string
  }
  expect(second).toMatch(/^[0-9a-f]{32}$/)
  expect((await call('POST', 'Secondary', 'first')).status).toBe(400)
  expect((await call('POST', 'Promote', 'first')).status).toBe(403)
  expect((await call('POST', 'Promote', second)).status).toBe(200)
  expect((await call('POST', 'Promote', second)).status).toBe(404)
  expect((await call('DELETE', 'Secondary', 'first')).status).toBe(401)
  await close()
})

test('a fault is ordered over HTTP, met once, and told', async () => {
  const { url, close } = await running('twilio')
  const order = (body: object) =>
    fetch(`${url}/__emulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  expect((await order({ kind: 'nonsense' })).status).toBe(400)
  expect((await order({ operation: 'tokens.*', kind: 'throttle' })).status).toBe(201)
  const account = `AC${'0'.repeat(32)}`
  const create = () =>
    fetch(`${url}/v1/AuthTokens/Secondary`, {
      method: 'POST',
      headers: basic(account, 'a'.repeat(32)),
    })
  const throttled = await create()
  expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '15'])
  expect((await create()).status).toBe(201)
  expect(await (await fetch(`${url}/__emulator/state`)).json()).toEqual({
    account,
    hasSecondary: true,
  })
  await close()
})

test.each([
  ['--port', '70000'],
  ['--account', 'PlantedAlone'],
  ['--unknown', 'PlantedAlone'],
  ['PlantedAlone'],
])('wrong options are told without their text: %s', async (...argv) => {
  const { result, err } = await run('twilio', ...argv)
  expect(result).toEqual({ kind: 'ended', exitCode: EXIT_USAGE })
  expect(err).toMatch(/^sidekey emulator: /)
  expect(err).not.toContain('PlantedAlone')
})

test('help is printed for each', async () => {
  for (const service of ['okta', 'twilio'] as const) {
    const { result, out } = await run(service, '--help')
    expect(result).toEqual({ kind: 'ended', exitCode: 0 })
    expect(out).toContain(`usage: sidekey emulator ${service}`)
  }
})
