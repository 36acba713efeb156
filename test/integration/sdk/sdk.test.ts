import type { Vonage } from '@vonage/server-sdk'
import { describe, expect, test } from 'vitest'
import { valuesOf, type WireRequest } from './wire-tap.ts'
import { CURRENT, KEY, SdkWorld, STANDBY } from './world.ts'

interface SdkCall {
  readonly name: string
  /** As the emulator names it. */
  readonly operation: string
  /** By a client that signs tokens: it has no other way to call this API. */
  readonly signed?: true
  /** What must have happened before; its answer is handed to `call`. */
  readonly prepare?: (vonage: Vonage) => Promise<string>
  readonly call: (vonage: Vonage, prepared: string) => Promise<unknown>
  readonly expected: unknown
}

const NUMBER = '447700900001'

/** Members of enums that the client's main package does not export. */
const SMS_SERVICE = 'sms' as Parameters<Vonage['pricing']['listAllCountriesPricing']>[0]
const REPORT = { product: 'SMS', accountId: KEY, direction: 'outbound' } as Parameters<
  Vonage['reports']['getRecords']
>[0] &
  Parameters<Vonage['reports']['createReport']>[0]
const TRANSACTION = { id: 'message-1', product: 'sms', type: 'outbound' } as unknown as Parameters<
  Vonage['redact']['redactMessage']
>[0]
const WORKFLOW = { brand: 'Sidekey', workflow: [{ channel: 'sms', to: NUMBER }] } as Parameters<
  Vonage['verify2']['newRequest']
>[0]

const containing = (members: object): unknown => expect.objectContaining(members)

const startVerify = async ({ verify }: Vonage) => {
  const started = await verify.start({ number: NUMBER, brand: 'Sidekey' })
  return 'requestId' in started ? (started.requestId ?? '') : ''
}
const startVerify2 = async ({ verify2 }: Vonage) => (await verify2.newRequest(WORKFLOW)).requestId
const createApplication = async ({ applications }: Vonage) =>
  (await applications.createApplication({ name: 'shop', capabilities: {} })).id ?? ''

const CALLS: readonly SdkCall[] = [
  {
    name: 'SMS',
    operation: 'sms.send',
    call: ({ sms }) => sms.send({ to: NUMBER, from: 'Sidekey', text: 'hello £ & = % + 你好' }),
    expected: containing({ messages: [containing({ status: '0', to: NUMBER })] }),
  },
  {
    name: 'Verify start',
    operation: 'verify.request',
    call: startVerify,
    expected: expect.stringMatching(/^\w{32}$/),
  },
  {
    name: 'Verify check',
    operation: 'verify.check',
    prepare: startVerify,
    call: ({ verify }, id) => verify.check(id, '1234'),
    expected: containing({ status: '0' }),
  },
  {
    name: 'Verify cancel',
    operation: 'verify.control',
    prepare: startVerify,
    call: ({ verify }, id) => verify.cancel(id),
    expected: containing({ status: '0', command: 'cancel' }),
  },
  {
    name: 'Verify trigger',
    operation: 'verify.control',
    prepare: startVerify,
    call: ({ verify }, id) => verify.trigger(id),
    expected: containing({ status: '0' }),
  },
  {
    name: 'Verify search',
    operation: 'verify.search',
    prepare: startVerify,
    call: ({ verify }, id) => verify.search(id),
    expected: containing({ status: 'IN PROGRESS', number: NUMBER }),
  },
  {
    name: 'Verify v2 start',
    operation: 'verify2.request',
    signed: true,
    call: startVerify2,
    expected: expect.stringMatching(/^[\w-]{36}$/),
  },
  {
    name: 'Verify v2 check',
    operation: 'verify2.check',
    signed: true,
    prepare: startVerify2,
    call: ({ verify2 }, id) => verify2.checkCode(id, '1234'),
    expected: 'completed',
  },
  {
    name: 'Verify v2 cancel',
    operation: 'verify2.cancel',
    signed: true,
    prepare: startVerify2,
    call: ({ verify2 }, id) => verify2.cancel(id),
    expected: true,
  },
  {
    name: 'Verify v2 next workflow',
    operation: 'verify2.next',
    signed: true,
    prepare: startVerify2,
    call: ({ verify2 }, id) => verify2.nextWorkflow(id),
    expected: true,
  },
  {
    name: 'Number Insight basic',
    operation: 'ni.basic',
    call: ({ numberInsights }) => numberInsights.basicLookup(NUMBER),
    expected: containing({ status: 0, country_code: 'GB' }),
  },
  {
    name: 'Number Insight standard',
    operation: 'ni.standard',
    call: ({ numberInsights }) => numberInsights.standardLookup(NUMBER),
    expected: containing({ status: 0 }),
  },
  {
    name: 'Number Insight advanced',
    operation: 'ni.advanced',
    call: ({ numberInsights }) => numberInsights.advancedLookup(NUMBER),
    expected: containing({ status: 0, valid_number: 'valid' }),
  },
  {
    name: 'Number Insight async',
    operation: 'ni.async',
    call: ({ numberInsights }) =>
      numberInsights.asyncAdvancedLookup(NUMBER, 'https://app.example/ni?a=1&b=2'),
    expected: containing({ status: 0, number: NUMBER }),
  },
  {
    name: 'Messages send',
    operation: 'messages.send',
    call: ({ messages }) =>
      messages.send({ messageType: 'text', channel: 'sms', to: NUMBER, from: '1', text: 'hi' }),
    expected: containing({ messageUUID: expect.stringMatching(/^[\w-]{36}$/) as unknown }),
  },
  {
    name: 'Messages send, signed',
    operation: 'messages.send',
    signed: true,
    call: ({ messages }) =>
      messages.send({ messageType: 'text', channel: 'sms', to: NUMBER, from: '1', text: 'hi' }),
    expected: containing({ messageUUID: expect.stringMatching(/^[\w-]{36}$/) as unknown }),
  },
  {
    name: 'balance',
    operation: 'account.balance',
    call: ({ accounts }) => accounts.getBalance(),
    expected: containing({ value: 10.28 }),
  },
  {
    name: 'top-up',
    operation: 'account.top-up',
    call: ({ accounts }) => accounts.topUpBalance('transaction-1'),
    expected: containing({ 'error-code': '200' }),
  },
  {
    name: 'account settings',
    operation: 'account.settings',
    call: ({ accounts }) =>
      accounts.updateAccountCallbacks({ moCallBackUrl: 'https://app.example/in' }),
    expected: containing({ 'mo-callback-url': 'https://app.example/in' }),
  },
  {
    name: 'numbers list',
    operation: 'numbers.list',
    call: ({ numbers }) => numbers.getOwnedNumbers(),
    expected: containing({ count: 1 }),
  },
  {
    name: 'numbers search',
    operation: 'numbers.search',
    call: ({ numbers }) => numbers.getAvailableNumbers({ country: 'GB' }),
    expected: containing({ count: 1 }),
  },
  {
    name: 'numbers buy',
    operation: 'numbers.buy',
    call: ({ numbers }) => numbers.buyNumber({ country: 'GB', msisdn: NUMBER }),
    expected: containing({ errorCode: '200' }),
  },
  {
    name: 'numbers cancel',
    operation: 'numbers.cancel',
    call: ({ numbers }) => numbers.cancelNumber({ country: 'GB', msisdn: NUMBER }),
    expected: containing({ errorCode: '200' }),
  },
  {
    name: 'numbers update',
    operation: 'numbers.update',
    call: ({ numbers }) => numbers.updateNumber({ country: 'GB', msisdn: NUMBER }),
    expected: containing({ errorCode: '200' }),
  },
  {
    name: 'pricing of all countries',
    operation: 'pricing.get',
    call: ({ pricing }) => pricing.listAllCountriesPricing(SMS_SERVICE),
    expected: containing({ countries: [containing({ countryCode: 'GB' })] }),
  },
  {
    name: 'pricing of a country',
    operation: 'pricing.get',
    call: ({ pricing }) => pricing.listCountryPricing(SMS_SERVICE, 'GB'),
    expected: containing({ countryCode: 'GB' }),
  },
  {
    name: 'pricing of a prefix',
    operation: 'pricing.get',
    call: ({ pricing }) => pricing.listPrefixPricing(SMS_SERVICE, '44'),
    expected: containing({ countries: [containing({ countryCode: 'GB' })] }),
  },
  {
    name: 'applications create',
    operation: 'applications.create',
    call: createApplication,
    expected: expect.stringMatching(/^[\w-]{36}$/),
  },
  {
    name: 'applications list',
    operation: 'applications.list',
    prepare: createApplication,
    call: ({ applications }) => applications.getApplicationPage({}),
    expected: containing({ totalItems: 1 }),
  },
  {
    name: 'applications get',
    operation: 'applications.get',
    prepare: createApplication,
    call: ({ applications }, id) => applications.getApplication(id),
    expected: containing({ name: 'shop' }),
  },
  {
    name: 'applications update',
    operation: 'applications.change',
    prepare: createApplication,
    call: ({ applications }, id) =>
      applications.updateApplication({ id, name: 'store', capabilities: {} }),
    expected: containing({ name: 'store' }),
  },
  {
    name: 'applications delete',
    operation: 'applications.delete',
    prepare: createApplication,
    call: ({ applications }, id) => applications.deleteApplication(id),
    expected: undefined,
  },
  {
    name: 'secrets list',
    operation: 'secrets.list',
    call: ({ secrets }) => secrets.listSecrets(KEY),
    expected: containing({ _embedded: containing({}) }),
  },
  {
    name: 'reports records',
    operation: 'reports.records',
    call: ({ reports }) => reports.getRecords(REPORT),
    expected: containing({ requestStatus: 'SUCCESS' }),
  },
  {
    name: 'reports create',
    operation: 'reports.create',
    call: ({ reports }) => reports.createReport(REPORT),
    expected: containing({ requestStatus: 'PENDING' }),
  },
  {
    name: 'redact',
    operation: 'redact.transaction',
    call: ({ redact }) => redact.redactMessage(TRANSACTION),
    expected: undefined,
  },
]

describe.each(CALLS)('the official SDK with a placeholder: $name', ({ operation, ...step }) => {
  test('reaches the provider with the current secret', async () => {
    const world = await SdkWorld.start()
    world.emulator.control.configure({ autoReload: true })
    const vonage = step.signed ? world.signing : world.vonage
    const prepared = (await step.prepare?.(vonage)) ?? ''
    world.forget()

    expect(await step.call(vonage, prepared)).toEqual(step.expected)
    const id = world.idOf(CURRENT)
    expect(world.calls).toMatchObject([
      { operation, account: KEY, secretId: id, placement: 'basic', refused: false },
    ])
    expect(world.wire.map(authorization)).toEqual([basicOf(CURRENT)])
    await world.expectNoLeak()
  })

  test('succeeds with one more request when the current secret was revoked', async () => {
    const world = await SdkWorld.start()
    world.emulator.control.configure({ autoReload: true })
    const vonage = step.signed ? world.signing : world.vonage
    const prepared = (await step.prepare?.(vonage)) ?? ''
    const [current, standby] = [world.idOf(CURRENT), world.idOf(STANDBY)]
    world.revokeCurrent()
    world.forget()

    expect(await step.call(vonage, prepared)).toEqual(step.expected)
    expect(world.calls).toMatchObject([
      { operation, secretId: current, refused: true },
      { operation, secretId: standby, refused: false },
    ])
    expect(world.wire.map(authorization)).toEqual([basicOf(CURRENT), basicOf(STANDBY)])
    const [first, second] = world.wire.map(withoutAuthorization)
    expect(second).toEqual(first)
    await world.expectNoLeak()
  })
})

function authorization(request: WireRequest): readonly string[] {
  return valuesOf(request, 'authorization')
}

function withoutAuthorization({ fields, ...rest }: WireRequest) {
  return { ...rest, fields: fields.filter(([name]) => name !== 'authorization') }
}

function basicOf(secret: string): readonly string[] {
  return [`Basic ${Buffer.from(`${KEY}:${secret}`).toString('base64')}`]
}
