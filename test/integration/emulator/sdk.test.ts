import { Vonage } from '@vonage/server-sdk'
import { describe, expect, test } from 'vitest'
import { KEY, SECRET, startEmulator } from './emulator.ts'

/** The official client, pointed at the emulator as its documentation says, and nowhere else. */
function connect(url: string, apiSecret = SECRET): Vonage {
  return new Vonage({ apiKey: KEY, apiSecret }, { apiHost: url, restHost: url })
}

const NUMBER = '447700900001'
const SMS = { to: NUMBER, from: 'Sidekey', text: 'hello' }

/** A member of an enum that the client's main package does not export. */
const SMS_SERVICE = 'sms' as Parameters<Vonage['pricing']['listAllCountriesPricing']>[0]

const containing = (members: object): unknown => expect.objectContaining(members)

/** Calls whose answer alone shows that the client has understood it. */
const CALLS: readonly (readonly [string, (vonage: Vonage) => Promise<unknown>, unknown])[] = [
  [
    'sends an SMS',
    (vonage) => vonage.sms.send(SMS),
    containing({ messageCount: '1', messages: [containing({ status: '0', to: NUMBER })] }),
  ],
  [
    'looks a number up, basic',
    (vonage) => vonage.numberInsights.basicLookup(NUMBER),
    containing({ status: 0, country_code: 'GB', international_format_number: NUMBER }),
  ],
  [
    'looks a number up, standard',
    (vonage) => vonage.numberInsights.standardLookup(NUMBER),
    containing({ status: 0, current_carrier: containing({ network_type: 'mobile' }) }),
  ],
  [
    'looks a number up, advanced',
    (vonage) => vonage.numberInsights.advancedLookup(NUMBER),
    containing({ status: 0, lookup_outcome: 0, valid_number: 'valid' }),
  ],
  [
    'looks a number up, asynchronously',
    (vonage) => vonage.numberInsights.asyncAdvancedLookup(NUMBER, 'https://app.example/ni'),
    containing({ status: 0, number: NUMBER }),
  ],
  [
    'reads the balance',
    (vonage) => vonage.accounts.getBalance(),
    containing({ value: 10.28, autoReload: false }),
  ],
  [
    'sets callbacks',
    (vonage) => vonage.accounts.updateAccountCallbacks({ moCallBackUrl: 'https://app.example/in' }),
    containing({ 'mo-callback-url': 'https://app.example/in' }),
  ],
  [
    'lists its numbers',
    (vonage) => vonage.numbers.getOwnedNumbers(),
    containing({ count: 1, numbers: [containing({ country: 'GB', msisdn: '447700900000' })] }),
  ],
  [
    'searches numbers',
    (vonage) => vonage.numbers.getAvailableNumbers({ country: 'GB' }),
    containing({ count: 1 }),
  ],
  [
    'buys a number',
    (vonage) => vonage.numbers.buyNumber({ country: 'GB', msisdn: NUMBER }),
    containing({ errorCode: '200' }),
  ],
  [
    'reads prices',
    (vonage) => vonage.pricing.listAllCountriesPricing(SMS_SERVICE),
    containing({ countries: [containing({ countryCode: 'GB', dialingPrefix: '44' })] }),
  ],
  [
    'lists its secrets',
    (vonage) => vonage.secrets.listSecrets(KEY),
    containing({ _embedded: { secrets: [containing({ id: expect.any(String) as unknown })] } }),
  ],
]

describe('the official SDK', () => {
  test.each(CALLS)('%s', async (_name, call, expected) => {
    const emulator = await startEmulator()
    expect(await call(connect(emulator.url))).toEqual(expected)
    expect(emulator.control.requests()).toMatchObject([{ placement: 'basic', refused: false }])
  })

  test('starts, checks, searches and cancels a verification', async () => {
    const emulator = await startEmulator()
    const { verify } = connect(emulator.url)
    const started = await verify.start({ number: NUMBER, brand: 'Sidekey' })
    const id = 'requestId' in started ? (started.requestId ?? '') : ''
    expect(await verify.search(id)).toMatchObject({ status: 'IN PROGRESS', number: NUMBER })
    expect(await verify.check(id, '0000')).toMatchObject({ status: '16' })
    expect(await verify.check(id, '1234')).toMatchObject({ status: '0' })
    const second = await verify.start({ number: NUMBER, brand: 'Sidekey' })
    const secondId = 'requestId' in second ? (second.requestId ?? '') : ''
    expect(await verify.cancel(secondId)).toMatchObject({ status: '0', command: 'cancel' })
  })

  test('sends a message', async () => {
    const emulator = await startEmulator()
    const sent = await connect(emulator.url).messages.send({
      messageType: 'text',
      channel: 'sms',
      to: NUMBER,
      from: 'Sidekey',
      text: 'hello',
    })
    expect(sent.messageUUID).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('keeps applications', async () => {
    const emulator = await startEmulator()
    const { applications } = connect(emulator.url)
    const { id = '' } = await applications.createApplication({ name: 'shop', capabilities: {} })
    expect(await applications.getApplication(id)).toMatchObject({ id, name: 'shop' })
    expect(await applications.getApplicationPage({})).toMatchObject({ totalItems: 1 })
    await applications.deleteApplication(id)
    expect(await applications.getApplicationPage({})).toMatchObject({ totalItems: 0 })
  })

  test('rotates its own secret by hand', async () => {
    const emulator = await startEmulator()
    const [old] = (await connect(emulator.url).secrets.listSecrets(KEY))._embedded.secrets
    const created = await connect(emulator.url).secrets.createSecret(KEY, 'Planted2Secret')
    const { secrets } = connect(emulator.url, 'Planted2Secret')
    expect(await secrets.getSecret(KEY, created.id)).toMatchObject({ id: created.id })
    await secrets.deleteSecret(KEY, old?.id ?? '')
    expect((await secrets.listSecrets(KEY))._embedded.secrets).toHaveLength(1)
    await expect(connect(emulator.url).secrets.listSecrets(KEY)).rejects.toThrow()
  })
})

describe('the official SDK with a wrong secret', () => {
  test('sees the failed SMS and status 4', async () => {
    const emulator = await startEmulator()
    const sending = connect(emulator.url, 'wrong').sms.send(SMS)
    await expect(sending).rejects.toMatchObject({
      response: { messages: [containing({ status: '4' })] },
    })
  })

  test('sees status 4 of Verify and Number Insight', async () => {
    const emulator = await startEmulator()
    const vonage = connect(emulator.url, 'wrong')
    const started = await vonage.verify.start({ number: NUMBER, brand: 'Sidekey' })
    expect(started).toMatchObject({ status: '4' })
    expect(await vonage.numberInsights.basicLookup(NUMBER)).toMatchObject({ status: 4 })
  })

  test.each([
    ['balance', (vonage: Vonage) => vonage.accounts.getBalance()],
    ['numbers', (vonage: Vonage) => vonage.numbers.getOwnedNumbers()],
    ['secrets', (vonage: Vonage) => vonage.secrets.listSecrets(KEY)],
    ['applications', (vonage: Vonage) => vonage.applications.getApplicationPage({})],
  ])('throws for the 401 of %s', async (_name, call) => {
    const emulator = await startEmulator()
    const calling = call(connect(emulator.url, 'wrong'))
    await expect(calling).rejects.toMatchObject({ response: { status: 401 } })
  })
})
