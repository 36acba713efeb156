import { describe, expect, test } from 'vitest'
import { CURRENT, KEY, PLACEHOLDER, SdkWorld, STANDBY } from './world.ts'

const SMS = { to: '447700900001', from: 'Sidekey', text: 'hello' }
const XML_TYPE = 'text/xml'

const jsonOf = (...statuses: readonly string[]) =>
  JSON.stringify({
    'message-count': String(statuses.length),
    messages: statuses.map((status) => ({ status, 'error-text': 'text' })),
  })
const xmlOf = (...statuses: readonly string[]) =>
  `<?xml version='1.0' encoding='UTF-8' ?>\n<mt-submission-response><messages count="${statuses.length}">${statuses
    .map((status) => `<message><status>${status}</status><errorText>text</errorText></message>`)
    .join('')}</messages></mt-submission-response>`

/** Sends an SMS as an old client does, and expects the provider's own answer after one request. */
async function expectPassedOn(format: 'json' | 'xml', body: string): Promise<SdkWorld> {
  const world = await SdkWorld.start()
  const contentType = format === 'json' ? 'application/json' : XML_TYPE
  world.emulator.control.fault({ operation: 'sms.send', kind: 'answer', contentType, body })
  const answer = await world.send(`rest/sms/${format}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ api_key: KEY, api_secret: PLACEHOLDER, ...SMS }).toString(),
  })
  expect(answer.status).toBe(200)
  expect(answer.text).toBe(body)
  expect(world.calls).toHaveLength(1)
  await world.expectNoLeak()
  return world
}

describe.each(['1', '8', '9', '11', '14', '2', '5', '0', '44', '40'])('SMS status %s', (status) => {
  test('is passed on in JSON, and blames no secret', async () => {
    const world = await expectPassedOn('json', jsonOf(status))
    expect(await world.metric('sidekey_auth_failures_total')).toEqual([])
    expect(await world.metric('sidekey_replays_total')).toEqual([])
  })

  test('is passed on in XML, and blames no secret', async () => {
    const world = await expectPassedOn('xml', xmlOf(status))
    expect(await world.metric('sidekey_auth_failures_total')).toEqual([])
  })
})

describe.each([
  ['sent and refused', ['0', '4']],
  ['refused and sent', ['4', '4', '0']],
  ['refused and throttled', ['4', '1']],
])('an SMS whose parts were %s', (_name, statuses) => {
  test.each(['json', 'xml'] as const)('is never sent again, in %s', async (format) => {
    const body = format === 'json' ? jsonOf(...statuses) : xmlOf(...statuses)
    const world = await expectPassedOn(format, body)
    expect(await world.metric('sidekey_replays_total')).toEqual([
      expect.stringContaining('mixed-results'),
    ])
    expect(await world.metric('sidekey_fallbacks_total')).toEqual([
      expect.stringContaining('not-possible'),
    ])
  })
})

test.each([
  ['json', jsonOf('4', '4', '4')],
  ['xml', xmlOf('4', '4', '4')],
] as const)('an SMS whose every part was refused is sent again, in %s', async (format, body) => {
  const world = await SdkWorld.start()
  const contentType = format === 'json' ? 'application/json' : XML_TYPE
  world.emulator.control.fault({ operation: 'sms.send', kind: 'answer', contentType, body })
  const answer = await world.send(`rest/sms/${format}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ api_key: KEY, api_secret: PLACEHOLDER, ...SMS }),
  })
  expect(answer.text).toMatch(format === 'json' ? /"status":"0"/ : /<status>0</)
  expect(world.calls).toMatchObject([
    { fault: 'answer' },
    { fault: null, secretId: world.idOf(STANDBY), refused: false },
  ])
  await world.expectNoLeak()
})

test('the 401 of a top-up without auto-reload blames no secret', async () => {
  const world = await SdkWorld.start()
  const topUp = world.vonage.accounts.topUpBalance('transaction-1')
  await expect(topUp).rejects.toMatchObject({ response: { status: 401 } })
  expect(world.calls).toMatchObject([{ secretId: world.idOf(CURRENT), refused: false }])
  expect(await world.metric('sidekey_auth_failures_total')).toEqual([])
  await world.expectNoLeak()
})

describe('what says nothing about the secret is passed on after one request', () => {
  const STATUSES = [400, 402, 403, 404, 409, 420, 422, 429, 500, 502, 503] as const

  test.each(STATUSES)('HTTP %s', async (status) => {
    const world = await SdkWorld.start()
    world.emulator.control.fault({ kind: 'error', status })
    const answer = await world.send('rest/account/get-balance', { method: 'GET' })
    expect(answer).toMatchObject({ status, error: undefined })
    expect(world.calls).toHaveLength(1)
    expect(await world.metric('sidekey_auth_failures_total')).toEqual([])
  })

  test('a lost answer, which may have been a success', async () => {
    const world = await SdkWorld.start()
    world.emulator.control.fault({ kind: 'lose-answer' })
    const answer = await world.send('rest/sms/json', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(SMS),
    })
    expect(answer.status).toBe(502)
    expect(world.calls).toHaveLength(1)
    expect(world.emulator.control.state().counters.processed).toEqual({ 'sms.send': 1 })
  })
})

test('both versions refused: the provider’s own answer, with the reason why nothing more was tried', async () => {
  const world = await SdkWorld.start()
  world.revokeCurrent()
  world.emulator.control.revoke(KEY, 'newest', true)
  const balance = world.vonage.accounts.getBalance()
  await expect(balance).rejects.toMatchObject({ response: { status: 401 } })
  expect(world.calls).toHaveLength(2)
  expect(await world.metric('sidekey_fallbacks_total')).toEqual([
    expect.stringContaining('refused-too'),
  ])
  await world.expectNoLeak()
})
