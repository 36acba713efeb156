import type { Client, Run } from './client.ts'
import { node, python } from './programs.ts'
import { npmPackage, pipVersion } from './versions.ts'
import type { Host } from './ways.ts'
import { ACCOUNT_SID } from './world-config.ts'

const TWILIO = {
  calls: ['account', 'message'],
  ways: ['CONNECT', 'base URL', 'own listener'],
} as const
const STRIPE = { calls: ['balance', 'customer'] } as const
const OPENAI = {
  calls: ['models', 'chat', 'streamed chat'],
  ways: ['base URL', 'own listener', 'CONNECT'],
  told: 'nothing: `OPENAI_BASE_URL`',
  variables: ({ target }: Run) => ({ OPENAI_BASE_URL: `${target.urls.openai}/v1` }),
} as const

/** SDKs of other APIs: Basic, a bearer, a bearer and a stream of events. */
export const API_CLIENTS: readonly Client[] = [
  {
    ...TWILIO,
    name: npmPackage('twilio'),
    runtime: 'Node',
    told: 'nothing (it reads `HTTP_PROXY`, so `proxy.forward: true`); without a proxy `client.api.baseUrl`',
    command: (run) => node('twilio.mjs', run.call, ACCOUNT_SID, ...ownUrl(run, 'twilio')),
  },
  {
    ...STRIPE,
    name: npmPackage('stripe'),
    runtime: 'Node',
    ways: ['own listener', 'CONNECT'],
    told: '`protocol`, `host`, `port`; for a proxy its fetch client',
    command: (run) => node('stripe.mjs', run.call, ...ownUrl(run, 'stripe')),
  },
  {
    ...OPENAI,
    name: npmPackage('openai'),
    runtime: 'Node',
    command: ({ call }) => node('openai.mjs', call),
  },
  {
    ...TWILIO,
    name: `twilio ${pipVersion('twilio')}`,
    runtime: 'Python',
    told: 'nothing; without a proxy `client.api.base_url`',
    command: (run) => python('twilio_sdk.py', run.call, ACCOUNT_SID, ...ownUrl(run, 'twilio')),
  },
  {
    ...STRIPE,
    name: `stripe ${pipVersion('stripe')}`,
    runtime: 'Python',
    ways: ['base URL', 'own listener', 'CONNECT'],
    told: '`stripe.api_base`; for a proxy `stripe.ca_bundle_path`',
    command: (run) => python('stripe_sdk.py', run.call, ...ownUrl(run, 'stripe')),
  },
  {
    ...OPENAI,
    name: `openai ${pipVersion('openai')}`,
    runtime: 'Python',
    command: ({ call }) => python('openai_sdk.py', call),
  },
]

/** Over CONNECT an SDK keeps its own host. */
function ownUrl({ way, target }: Run, host: Host): readonly string[] {
  return way === 'CONNECT' ? [] : [target.urls[host]]
}
