import { expect, test } from 'vitest'
import { settle } from '../../fakes/clock.ts'
import {
  basic,
  type EmulatorUnderTest,
  FORM_TYPE,
  JSON_TYPE,
  KEY,
  SECRET,
  startEmulator,
} from './emulator.ts'

const SECOND = 'Planted2Secret'

const order = async (
  emulator: EmulatorUnderTest,
  method: string,
  path: string,
  body: unknown = null,
) => {
  const response = await fetch(`${emulator.url}/__emulator/${path}`, {
    method,
    body: body === null ? null : JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as unknown }
}

const balance = (emulator: EmulatorUnderTest, secret = SECRET) =>
  fetch(`${emulator.url}/account/get-balance`, { headers: basic(KEY, secret) })

const sendSms = (emulator: EmulatorUnderTest, secret: string) =>
  fetch(`${emulator.url}/sms/json`, {
    method: 'POST',
    headers: FORM_TYPE,
    body: `api_key=${KEY}&api_secret=${secret}&to=1&from=2&text=x`,
  })

const createSecond = (emulator: EmulatorUnderTest) =>
  fetch(`${emulator.url}/accounts/${KEY}/secrets`, {
    method: 'POST',
    headers: { ...basic(KEY, SECRET), ...JSON_TYPE },
    body: JSON.stringify({ secret: SECOND }),
  })

const ids = (emulator: EmulatorUnderTest) =>
  emulator.control.state().accounts[0]?.secrets.map(({ id }) => id)

test('the state tells of secrets by id and never by value', async () => {
  const emulator = await startEmulator()
  await createSecond(emulator)
  await sendSms(emulator, SECOND)
  await sendSms(emulator, 'Planted-wrong')
  const { body } = await order(emulator, 'GET', 'state')
  expect(body).toMatchObject({
    accounts: [
      {
        key: KEY,
        secrets: [
          { live: true, requests: 1 },
          { live: true, requests: 1, accepted: { api: true, rest: true } },
        ],
      },
      { primary: KEY },
    ],
    counters: { requests: 3, authFailures: { sms: 1 }, processed: { 'sms.send': 1 } },
  })
  const requests = await order(emulator, 'GET', 'requests?max=2')
  expect(requests.body).toMatchObject({
    requests: [
      { operation: 'sms.send', placement: 'form', refused: false, secretId: ids(emulator)?.[1] },
      { operation: 'sms.send', refused: true, secretId: null },
    ],
  })
  const acts = await order(emulator, 'GET', 'acts')
  expect(acts.body).toMatchObject({ acts: [{ act: 'created', by: 'api', account: KEY }] })
  expect(JSON.stringify([body, requests, acts])).not.toMatch(/Planted/)
})

test('the secret that traffic uses is revoked behind its back', async () => {
  const emulator = await startEmulator()
  await createSecond(emulator)
  await sendSms(emulator, SECOND)
  await balance(emulator, SECRET)
  const [, second] = ids(emulator) ?? []
  const revoked = await order(emulator, 'POST', `accounts/${KEY}/revoke`, {})
  expect(revoked).toEqual({ status: 200, body: { id: second } })
  expect((await balance(emulator, SECOND)).status).toBe(401)
  const last = await order(emulator, 'POST', `accounts/${KEY}/revoke`, { secret: 'oldest' })
  expect(last).toMatchObject({ status: 409, body: { error: 'last-secret' } })
  await order(emulator, 'POST', `accounts/${KEY}/revoke`, { secret: 'oldest', force: true })
  expect((await balance(emulator)).status).toBe(401)
})

test('a foreign secret takes a slot, and may be given', async () => {
  const emulator = await startEmulator()
  const created = await order(emulator, 'POST', `accounts/${KEY}/secrets`, { secret: SECOND })
  expect(created.status).toBe(201)
  expect((await balance(emulator, SECOND)).status).toBe(200)
  const full = await order(emulator, 'POST', `accounts/${KEY}/secrets`)
  expect(full).toMatchObject({ status: 409, body: { error: 'slots-full' } })
  expect(emulator.control.acts()).toMatchObject([{ act: 'created', by: 'control' }])
})

test('settings and faults are set over HTTP, and orders that make no sense are refused', async () => {
  const emulator = await startEmulator()
  const changed = await order(emulator, 'PATCH', 'settings', { createLagMs: { rest: 30_000 } })
  expect(changed.body).toMatchObject({ createLagMs: { api: 0, rest: 30_000 } })
  const fault = { operation: 'account.balance', kind: 'error', status: 502 }
  expect((await order(emulator, 'POST', 'faults', fault)).status).toBe(201)
  expect((await balance(emulator)).status).toBe(502)
  expect((await balance(emulator)).status).toBe(200)
  await order(emulator, 'POST', 'faults', { ...fault, times: 5 })
  await order(emulator, 'DELETE', 'faults')
  expect((await balance(emulator)).status).toBe(200)
  expect((await order(emulator, 'POST', 'faults', { kind: 'explode' })).status).toBe(400)
  expect((await order(emulator, 'PATCH', 'settings', { unknown: 1 })).status).toBe(400)
  expect((await order(emulator, 'POST', 'accounts/nobody/revoke')).status).toBe(404)
  expect((await order(emulator, 'GET', 'nothing')).status).toBe(404)
})

test('a throttled call says when to come again, in both ways', async () => {
  const emulator = await startEmulator()
  emulator.control.fault({ kind: 'throttle', retryAfterSeconds: 7 })
  const { status, headers } = await balance(emulator)
  expect(status).toBe(429)
  expect(headers.get('retry-after')).toBe('7')
  expect(Number(headers.get('x-ratelimit-reset'))).toBe(emulator.clock.now() + 7_000)
})

test('a lost request has no effect, a lost answer has its effect, a late request has it later', async () => {
  const emulator = await startEmulator()
  const lose = async (kind: 'lose-request' | 'lose-answer' | 'late-request') => {
    emulator.control.fault({ operation: 'secrets.create', kind, delayMs: 5_000 })
    await expect(createSecond(emulator)).rejects.toThrow()
  }
  await lose('lose-request')
  expect(ids(emulator)).toHaveLength(1)
  await lose('late-request')
  expect(ids(emulator)).toHaveLength(1)
  await emulator.clock.advance(5_000)
  expect(ids(emulator)).toHaveLength(2)
  emulator.control.revoke(KEY, 'newest')
  await lose('lose-answer')
  expect(emulator.control.state().accounts[0]?.secrets.filter(({ live }) => live)).toHaveLength(2)
})

test('a delayed answer comes when its time has come, a hanging one never', async () => {
  const emulator = await startEmulator()
  emulator.control.fault({ kind: 'delay', delayMs: 60_000 })
  const delayed = balance(emulator)
  while (emulator.clock.pending === 0) await settle()
  await emulator.clock.advance(60_000)
  expect((await delayed).status).toBe(200)
  emulator.control.fault({ kind: 'hang' })
  const hanging = balance(emulator)
  while (emulator.control.requests().at(-1)?.fault !== 'hang') await settle()
  await Promise.all([expect(hanging).rejects.toThrow(), emulator.close()])
})

test('any answer can be put into the provider’s mouth', async () => {
  const emulator = await startEmulator()
  const body = '{"messages":[{"status":"0"},{"status":"4"}]}'
  emulator.control.fault({ operation: 'sms.*', kind: 'answer', status: 200, body })
  expect(await (await sendSms(emulator, SECRET)).text()).toBe(body)
  expect(emulator.control.state().counters.processed).toEqual({})
})

test('a watched text is found in the query, in the body and in Basic, and is not repeated', async () => {
  const emulator = await startEmulator()
  await order(emulator, 'POST', 'canaries', { text: 'via-proxy' })
  await balance(emulator)
  expect(emulator.control.state().counters.canaryHits).toBe(0)
  await balance(emulator, 'via-proxy')
  await sendSms(emulator, 'via-proxy')
  await fetch(`${emulator.url}/account/numbers?api_key=${KEY}&api_secret=via-proxy`)
  expect(emulator.control.state().counters.canaryHits).toBe(3)
  expect(JSON.stringify(emulator.control.state())).not.toContain('via-proxy')
})

test('a body beyond every limit is refused, an unknown path is not found', async () => {
  const emulator = await startEmulator()
  const body = 'x'.repeat(1024 * 1024 + 1)
  const large = await fetch(`${emulator.url}/sms/json`, { method: 'POST', body })
  expect(large.status).toBe(413)
  expect((await fetch(`${emulator.url}/no/such/api`)).status).toBe(404)
})
