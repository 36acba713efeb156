import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  basic,
  type EmulatorUnderTest,
  JSON_TYPE,
  KEY,
  SECRET,
  startEmulator,
  SUB_KEY,
  SUB_SECRET,
} from './emulator.ts'

const AUTH = basic(KEY, SECRET)
const PATH = `/accounts/${KEY}/secrets`
const itemSchema = z.object({ id: z.uuid(), created_at: z.string() })

interface Answer {
  readonly status: number
  readonly type: string | null
  readonly body: unknown
}

async function ask(
  emulator: EmulatorUnderTest,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = AUTH,
  body: unknown = null,
): Promise<Answer> {
  const response = await fetch(emulator.url + path, {
    method,
    headers: { ...headers, ...(body === null ? {} : JSON_TYPE) },
    body: body === null ? null : JSON.stringify(body),
  })
  const text = await response.text()
  const type = response.headers.get('content-type')
  return { status: response.status, type, body: text === '' ? '' : JSON.parse(text) }
}

async function create(emulator: EmulatorUnderTest, secret: string): Promise<string> {
  const { body } = await ask(emulator, 'POST', PATH, AUTH, { secret })
  return itemSchema.parse(body).id
}

const fragment = (name: string) => ({ type: expect.stringContaining(`#${name}`) as string })

test('a list has links, ids and times at one second, and no value', async () => {
  const emulator = await startEmulator()
  const { status, body } = await ask(emulator, 'GET', PATH)
  expect(status).toBe(200)
  expect(body).toMatchObject({ _links: { self: { href: PATH } } })
  const { _embedded } = z
    .object({ _embedded: z.object({ secrets: z.array(itemSchema) }) })
    .parse(body)
  expect(_embedded.secrets).toHaveLength(1)
  expect(_embedded.secrets[0]?.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  expect(JSON.stringify(body)).not.toContain(SECRET)
})

test('a bare question mark and a final slash are accepted, as old clients send them', async () => {
  const emulator = await startEmulator()
  expect((await ask(emulator, 'GET', `${PATH}?`)).status).toBe(200)
  const created = await ask(emulator, 'POST', `${PATH}/?`, AUTH, { secret: 'Planted2Secret' })
  expect(created.status).toBe(201)
})

test('a created secret can be got, used and revoked, and revoking it twice is a 404', async () => {
  const emulator = await startEmulator()
  const id = await create(emulator, 'Planted2Secret')
  const own = basic(KEY, 'Planted2Secret')
  expect(await ask(emulator, 'GET', `${PATH}/${id}`, own)).toMatchObject({
    status: 200,
    body: { id },
  })
  expect(await ask(emulator, 'DELETE', `${PATH}/${id}`, own)).toMatchObject({
    status: 204,
    body: '',
  })
  expect((await ask(emulator, 'GET', PATH, own)).status).toBe(401)
  const gone = await ask(emulator, 'DELETE', `${PATH}/${id}`)
  expect(gone).toMatchObject({ status: 404, body: fragment('invalid-id') })
})

test('a third secret is refused in each of the known ways', async () => {
  const emulator = await startEmulator()
  await create(emulator, 'Planted2Secret')
  const third = () => ask(emulator, 'POST', PATH, AUTH, { secret: 'Planted3Secret' })
  expect(await third()).toMatchObject({ status: 403, body: fragment('add-excess-secret') })
  emulator.control.configure({ slotsFull: 'maximum-secrets-allowed' })
  expect(await third()).toMatchObject({ status: 400, body: fragment('maximum-secrets-allowed') })
  emulator.control.configure({ slotsFull: 'validation' })
  const detail = expect.stringContaining('maximum number') as string
  expect(await third()).toMatchObject({ status: 400, body: { ...fragment('validation'), detail } })
})

test('weak, missing, unlucky and duplicate values are validation errors', async () => {
  const emulator = await startEmulator()
  const body = { ...fragment('validation'), invalid_parameters: [{ name: 'secret' }] }
  for (const given of [{ secret: 'weak' }, {}, { secret: SECRET }]) {
    expect(await ask(emulator, 'POST', PATH, AUTH, given)).toMatchObject({ status: 400, body })
  }
  emulator.control.configure({ refuseNextValues: 1 })
  const good = { secret: 'Planted2Secret' }
  expect((await ask(emulator, 'POST', PATH, AUTH, good)).status).toBe(400)
  expect((await ask(emulator, 'POST', PATH, AUTH, good)).status).toBe(201)
})

test('the last secret is not deleted', async () => {
  const emulator = await startEmulator()
  const [secret] = emulator.control.state().accounts[0]?.secrets ?? []
  const last = await ask(emulator, 'DELETE', `${PATH}/${secret?.id}`)
  expect(last).toMatchObject({ status: 403, body: fragment('delete-last-secret') })
})

test('a 401 has the text of the edition that was chosen', async () => {
  const emulator = await startEmulator()
  const refused = () => ask(emulator, 'GET', PATH, basic(KEY, 'wrong'))
  expect(await refused()).toMatchObject({ status: 401, body: { title: 'Unauthorized' } })
  emulator.control.configure({ unauthorized: 'invalid-supplied' })
  expect((await refused()).body).toMatchObject({ title: 'Invalid credentials supplied' })
  emulator.control.configure({
    unauthorized: 'unathorized',
    problemType: 'application/problem+json',
  })
  expect(await refused()).toMatchObject({
    type: 'application/problem+json',
    body: fragment('unathorized'),
  })
  const malformed = await ask(emulator, 'GET', PATH, { authorization: 'Basic !' })
  expect(malformed).toMatchObject({ status: 401, body: { type: 'https://developer.nexmo.com/' } })
})

test('query and body credentials are not understood here', async () => {
  const emulator = await startEmulator()
  const path = `${PATH}?api_key=${KEY}&api_secret=${SECRET}`
  expect((await ask(emulator, 'GET', path, {})).status).toBe(401)
})

test('a primary manages its secondary account, which manages itself and nobody else', async () => {
  const emulator = await startEmulator()
  const subPath = `/accounts/${SUB_KEY}/secrets`
  const sub = basic(SUB_KEY, SUB_SECRET)
  expect((await ask(emulator, 'GET', subPath)).status).toBe(200)
  expect((await ask(emulator, 'GET', subPath, sub)).status).toBe(200)
  const foreign = await ask(emulator, 'GET', PATH, sub)
  expect(foreign).toMatchObject({ status: 404, body: fragment('invalid-api-key') })
  const unknown = await ask(emulator, 'GET', '/accounts/nobody99/secrets')
  expect(unknown).toMatchObject({ status: 404, body: fragment('invalid-api-key') })
})

test('subaccounts are listed, created with their one secret shown, and suspended', async () => {
  const emulator = await startEmulator()
  const path = `/accounts/${KEY}/subaccounts`
  const created = await ask(emulator, 'POST', path, AUTH, { name: 'shop', secret: 'Planted1Shop' })
  expect(created).toMatchObject({ status: 200, body: { name: 'shop', secret: 'Planted1Shop' } })
  const { api_key: key } = z.object({ api_key: z.string() }).parse(created.body)
  expect((await ask(emulator, 'GET', `${path}/${key}`)).status).toBe(200)
  const listed = await ask(emulator, 'GET', path)
  expect(JSON.stringify(listed.body)).toContain(key)
  const own = basic(key, 'Planted1Shop')
  expect((await ask(emulator, 'GET', `/accounts/${key}/secrets`, own)).status).toBe(200)
  await ask(emulator, 'PATCH', `${path}/${key}`, AUTH, { suspended: true })
  expect((await ask(emulator, 'GET', `/accounts/${key}/secrets`, own)).status).toBe(401)
  const invalid = await ask(emulator, 'POST', path, AUTH, {})
  expect(invalid).toMatchObject({ status: 422, body: fragment('validation') })
  const sub = basic(SUB_KEY, SUB_SECRET)
  const denied = await ask(emulator, 'GET', `/accounts/${SUB_KEY}/subaccounts`, sub)
  expect(denied).toMatchObject({ status: 403, body: fragment('unprovisioned') })
})

test('lists are as old as the list lag', async () => {
  const emulator = await startEmulator()
  emulator.control.configure({ listLagMs: 3_000 })
  await create(emulator, 'Planted2Secret')
  const count = async () => {
    const { body } = await ask(emulator, 'GET', PATH)
    return z.object({ _embedded: z.object({ secrets: z.array(itemSchema) }) }).parse(body)._embedded
      .secrets.length
  }
  expect(await count()).toBe(1)
  await emulator.clock.advance(3_000)
  expect(await count()).toBe(2)
})

test('a secret arrives at each host at its own time', async () => {
  const emulator = await startEmulator()
  emulator.control.configure({ createLagMs: { api: 2_000, rest: 30_000 } })
  await create(emulator, 'Planted2Secret')
  const own = basic(KEY, 'Planted2Secret')
  const seen = async () => [
    (await ask(emulator, 'GET', PATH, own)).status,
    (await ask(emulator, 'GET', '/account/get-balance', own)).status,
  ]
  expect(await seen()).toEqual([401, 401])
  await emulator.clock.advance(2_000)
  expect(await seen()).toEqual([200, 401])
  await emulator.clock.advance(28_000)
  expect(await seen()).toEqual([200, 200])
})
