import type { AuthFailureRule, Endpoint, Injection } from '../../kernel/route.ts'
import { APPLICATIONS, SIGNATURE } from './materials.ts'
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

/** A token of one of the account's applications, by 15 minutes as the SDKs have it. */
const token: Injection = {
  kind: 'signed',
  from: APPLICATIONS,
  signer: {
    kind: 'jwt',
    algorithm: 'RS256',
    lifetimeMs: 15 * 60_000,
    claims: [{ name: 'application_id', template: '{applicationId}' }],
  },
}

/** A signed request: `sig` in place of the API secret. */
const signed = (place: 'query' | 'form' | 'json'): Injection => ({
  kind: 'signed-parameters',
  from: SIGNATURE,
  place,
  signature: {
    algorithm: '{signatureAlgorithm}',
    parameters: [{ name: 'api_key', template: '{apiKey}' }],
    timestampName: 'timestamp',
    signatureName: 'sig',
  },
})

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

/** Video says it by 403 and this text; any other 403 is about something else. */
const videoRules: readonly AuthFailureRule[] = [
  ...by401,
  { status: 403, json: '/message', in: ['You passed in an invalid JWT token'] },
]

/** Secrets and subaccounts. The definition of 2026 names the rest host for them, every SDK the api host. */
const management: Endpoint = {
  paths: ['/accounts/**'],
  inject: [basic],
  keyPath: '/accounts/{apiKey}',
  authFailure: by401,
}

const rest: readonly Endpoint[] = [
  {
    paths: ['/sms/json', '/sms/xml'],
    inject: [basic, form, json, query, signed('form'), signed('json'), signed('query')],
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
  {
    paths: ['/v1/messages', '/v1/messages/**'],
    inject: [basic, token, json],
    authFailure: by401,
  },
  { paths: ['/v2/verify', '/v2/verify/**'], inject: [basic, token], authFailure: by401 },
  {
    paths: [
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
    inject: [basic, query, signed('query')],
    authFailure: by401,
  },
  { paths: ['/v1/applications', '/v1/applications/**'], inject: [query], authFailure: by401 },
  // The query where an account has no application.
  { paths: ['/v3/media', '/v3/media/**'], inject: [token, query], authFailure: by401 },
  {
    paths: [
      '/v1/calls',
      '/v1/calls/**',
      '/v1/files/**',
      '/v0.1/**',
      '/v0.2/**',
      '/v0.3/**',
      '/v1/conversations',
      '/v1/conversations/**',
      '/v1/users',
      '/v1/users/**',
    ],
    inject: [token],
    authFailure: by401,
  },
]

const video: readonly Endpoint[] = [
  {
    paths: ['/session/create', '/v2/project/**'],
    inject: [token],
    authFailure: videoRules,
  },
]

const eu: readonly Endpoint[] = [
  { paths: ['/v1/10dlc/**'], inject: [basic], authFailure: by401 },
  {
    paths: ['/v1/meetings/**', '/meetings/**', '/beta/meetings/**'],
    inject: [token],
    authFailure: by401,
  },
]

/**
 * The families of paths of each host, first match first, with the placements that today's and older clients use, and the way in
 * which each family reports a bad secret. Facts checked 2026-11-23.
 *
 * Families that take a JSON web token only (Voice, Video, Conversations, Users, Meetings) need an application of the account; without
 * one a request to them is refused, and never forwarded with the caller's own token. Those that also ask for OAuth 2.0 on behalf of
 * a subscriber are left out: Identity Insights, Number Verification, SIM Swap.
 */
export const ENDPOINTS: Readonly<Record<HostAlias, readonly Endpoint[]>> = {
  api,
  rest,
  video,
  eu,
}
