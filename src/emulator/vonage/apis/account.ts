import type { Operation, Task } from '../operation.ts'
import { jsonReply, type Reply } from '../reply.ts'
import {
  accountFamily,
  conversionFamily,
  numbersFamily,
  pricingFamily,
  searchFamily,
} from './families.ts'

const OWNED = {
  country: 'GB',
  msisdn: '447700900000',
  type: 'mobile-lvn',
  features: ['VOICE', 'SMS'],
}
const DONE = { 'error-code': '200', 'error-code-label': 'success' }

const NETWORK = {
  type: 'mobile',
  price: '0.03330000',
  currency: 'EUR',
  mcc: '234',
  mnc: '10',
  networkCode: '23410',
  networkName: 'Telefonica UK Limited',
}
const COUNTRY = {
  countryName: 'United Kingdom',
  countryDisplayName: 'United Kingdom',
  countryCode: 'GB',
  currency: 'EUR',
  defaultPrice: '0.03330000',
  dialingPrefix: '44',
  networks: [NETWORK],
}

/** Balance, settings, numbers, pricing, search and conversions, on the rest host but for the last. */
export const accountOperations: readonly Operation[] = [
  {
    name: 'account.balance',
    family: accountFamily,
    methods: ['GET', 'POST'],
    path: '/account/get-balance',
    perform: ({ world }) => jsonReply(200, { value: 10.28, autoReload: world.settings.autoReload }),
  },
  {
    name: 'account.settings',
    family: accountFamily,
    methods: ['POST'],
    path: '/account/settings',
    perform: ({ call }) =>
      jsonReply(200, {
        'mo-callback-url': call.param('moCallBackUrl') ?? '',
        'dr-callback-url': call.param('drCallBackUrl') ?? '',
        'max-outbound-request': 30,
        'max-inbound-request': 30,
        'max-calls-per-second': 30,
      }),
  },
  {
    name: 'account.top-up',
    family: accountFamily,
    methods: ['POST', 'GET'],
    path: '/account/top-up',
    perform: topUp,
  },
  {
    name: 'numbers.list',
    family: numbersFamily,
    methods: ['GET'],
    path: '/account/numbers',
    perform: () => jsonReply(200, { count: 1, numbers: [OWNED] }),
  },
  {
    name: 'numbers.search',
    family: numbersFamily,
    methods: ['GET'],
    path: '/number/search',
    perform: ({ call }) =>
      jsonReply(200, {
        count: 1,
        numbers: [{ ...OWNED, country: call.param('country') ?? 'GB', cost: '0.50' }],
      }),
  },
  ...['buy', 'cancel', 'update'].map((verb): Operation => ({
    name: `numbers.${verb}`,
    family: numbersFamily,
    methods: ['POST'],
    path: `/number/${verb}`,
    perform: () => jsonReply(200, DONE),
  })),
  ...['get-pricing', 'get-prefix-pricing', 'get-phone-pricing', 'get-full-pricing'].map(
    (what): Operation => ({
      name: 'pricing.get',
      family: pricingFamily,
      methods: ['GET'],
      path: `/account/${what}/outbound/:type`,
      perform: () =>
        what === 'get-pricing'
          ? jsonReply(200, COUNTRY)
          : jsonReply(200, { count: '1', countries: [COUNTRY] }),
    }),
  ),
  ...['message', 'messages', 'rejections'].map((what): Operation => ({
    name: 'search.get',
    family: searchFamily,
    methods: ['GET'],
    path: `/search/${what}`,
    perform: () => jsonReply(200, { count: 0, items: [] }),
  })),
  ...['sms', 'voice'].map((kind): Operation => ({
    name: 'conversion.send',
    family: conversionFamily,
    methods: ['POST'],
    path: `/conversions/${kind}`,
    perform: () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: 'OK' }),
  })),
]

/** The one 401 that says nothing about the credentials. */
function topUp({ world }: Task): Reply {
  return world.settings.autoReload
    ? jsonReply(200, DONE)
    : jsonReply(401, { 'error-code': '401', 'error-code-label': 'not auto-reload enabled' })
}
