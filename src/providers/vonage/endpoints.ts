import type { AuthFailureRule, Endpoint, Injection } from '../../kernel/route.ts'
import type { HostAlias } from './host-urls.ts'

const PAIR = [
  { name: 'api_key', template: '{apiKey}' },
  { name: 'api_secret', template: '{secret}' },
] as const

const basic: Injection = { kind: 'basic', username: '{apiKey}', password: '{secret}' }
const query: Injection = { kind: 'query', parameters: PAIR }
const form: Injection = { kind: 'form', fields: PAIR }
const json: Injection = {
  kind: 'json',
  members: PAIR.map(({ name, template }) => ({ name: `/${name}`, template })),
}

const by401: readonly AuthFailureRule[] = [{ status: 401 }]

/**
 * At HTTP 200, status 4 of every message: a mixed answer means that some were sent. Status 1 (throttled), 8 (barred), 9
 * (quota), 11 (not enabled) and 14 (bad signature) say nothing about the secret. With Basic a 401 is possible too.
 */
const smsRules: readonly AuthFailureRule[] = [
  { status: 200, json: '/messages/*/status', in: ['4'] },
  { status: 200, xml: 'status', in: ['4'] },
  { status: 401 },
]

/** Verify writes the status as text, Number Insight as a number: rules compare as text. */
const statusRules: readonly AuthFailureRule[] = [
  { status: 200, json: '/status', in: ['4'] },
  { status: 200, xml: 'status', in: ['4'] },
  { status: 401 },
]

/** Known texts of a real refusal, in the account's own body and in the platform's problem body. */
const REFUSED_LABELS = ['authentication failed']
const REFUSED_TITLES = [
  'Unauthorized',
  'Invalid credentials supplied',
  'You did not provide correct credentials.',
]

/** Topping up also answers 401 for `not auto-reload enabled`, so only a 401 that names the credentials counts. */
const topUpRules: readonly AuthFailureRule[] = [
  { status: 401, json: '/error-code-label', in: REFUSED_LABELS },
  { status: 401, xml: 'error-code-label', in: REFUSED_LABELS },
  { status: 401, json: '/title', in: REFUSED_TITLES },
]

/** Secrets and subaccounts. The definition of 2026 names the rest host for them, every SDK the api host. */
const management: Endpoint = { paths: ['/accounts/**'], inject: [basic], authFailure: by401 }

const rest: readonly Endpoint[] = [
  {
    paths: ['/sms/json', '/sms/xml'],
    inject: [basic, form, json, query],
    authFailure: smsRules,
  },
  {
    paths: ['/account/top-up', '/account/top-up/**'],
    inject: [basic, query],
    authFailure: topUpRules,
  },
  // Balance, settings, owned numbers, pricing; search, buy, cancel and update of numbers.
  { paths: ['/account/**', '/number/**'], inject: [basic, query], authFailure: by401 },
  // Message Search is gone from the documentation; only the query was ever documented for it.
  { paths: ['/search/**'], inject: [query, basic], authFailure: by401 },
  management,
]

const api: readonly Endpoint[] = [
  { paths: ['/verify/**'], inject: [basic, form, json, query], authFailure: statusRules },
  { paths: ['/ni/**'], inject: [basic, query], authFailure: statusRules },
  { paths: ['/v1/messages', '/v1/messages/**'], inject: [basic, json], authFailure: by401 },
  {
    paths: [
      '/v2/verify',
      '/v2/verify/**',
      '/v2/applications',
      '/v2/applications/**',
      '/v2/reports',
      '/v2/reports/**',
      '/v1/redact/transaction',
      '/beta/audit/**',
      // Number pools, programmable SIP and external accounts.
      '/v2/numberpools/**',
      '/v1/psip',
      '/v1/psip/**',
      '/beta/chatapp-accounts',
      '/beta/chatapp-accounts/**',
    ],
    inject: [basic],
    authFailure: by401,
  },
  management,
  // 402 (not enabled), 420 and 423 say nothing about the secret.
  {
    paths: ['/conversions/sms', '/conversions/voice'],
    inject: [basic, query],
    authFailure: by401,
  },
  // Version 1 of applications, and media where they are asked for without a token, know the query only.
  {
    paths: ['/v1/applications', '/v1/applications/**', '/v3/media', '/v3/media/**'],
    inject: [query],
    authFailure: by401,
  },
]

/** 10DLC. */
const eu: readonly Endpoint[] = [{ paths: ['/v1/10dlc/**'], inject: [basic], authFailure: by401 }]

/**
 * The families of paths of each host, first match first, with the placements that today's and older clients use, and the way in
 * which each family reports a bad secret. Facts checked 2026-11-23.
 *
 * Families that take a JSON web token only are left out, so that a request to them is refused and never forwarded with
 * the caller's own token or with a secret that the API would not take: Voice (`/v1/calls`), Video (the whole host),
 * Conversations (`/v0.1`), Users (`/v1/users`), Meetings, Identity Insights, Number Verification, SIM Swap.
 */
export const ENDPOINTS: Readonly<Record<HostAlias, readonly Endpoint[]>> = {
  api,
  rest,
  video: [],
  eu,
}
