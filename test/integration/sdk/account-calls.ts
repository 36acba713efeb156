import type { Vonage } from '@vonage/server-sdk'
import { expect } from 'vitest'
import { containing, NUMBER, type SdkCall } from './sdk-call.ts'
import { KEY } from './world.ts'

/** Members of enums that the client's main package does not export. */
const SMS_SERVICE = 'sms' as Parameters<Vonage['pricing']['listAllCountriesPricing']>[0]
const REPORT = { product: 'SMS', accountId: KEY, direction: 'outbound' } as Parameters<
  Vonage['reports']['getRecords']
>[0] &
  Parameters<Vonage['reports']['createReport']>[0]
const TRANSACTION = { id: 'message-1', product: 'sms', type: 'outbound' } as unknown as Parameters<
  Vonage['redact']['redactMessage']
>[0]

const createApplication = async ({ applications }: Vonage) =>
  (await applications.createApplication({ name: 'shop', capabilities: {} })).id ?? ''

/** What manages the account: balance, numbers, prices, applications, secrets, reports. */
export const ACCOUNT_CALLS: readonly SdkCall[] = [
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
