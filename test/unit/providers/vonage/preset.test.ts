import { describe, expect, test } from 'vitest'
import type { Endpoint, Injection, Route } from '../../../../src/kernel/route.ts'
import type { HostAlias } from '../../../../src/providers/vonage/host-urls.ts'
import { vonagePreset } from '../../../../src/providers/vonage/preset.ts'

const input = {
  name: 'vonage',
  credentialIds: ['main'],
  options: { apiKey: 'a1b2c3d4' },
  allow: null,
}
const routes = vonagePreset.routes(input)

const route = (alias: HostAlias, among: readonly Route[] = routes): Route => {
  const found = among.find(({ pathPrefix }) => pathPrefix === `/vonage/${alias}`)
  if (found === undefined) throw new Error(`no route for ${alias}`)
  return found
}

/** The language of `PathPattern`, so that this test does not lean on the proxy's matcher. */
function matches(pattern: string, path: string): boolean {
  const source = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&')
  const expression = source.replace(/\/\*\*$/, '(?:/.*)').replaceAll(/(?<=\/)\*(?=\/|$)/g, '[^/]+')
  return new RegExp(`^${expression}$`).test(path)
}

const endpoint = (alias: HostAlias, path: string): Endpoint | undefined =>
  route(alias).endpoints.find(({ paths }) => paths.some((pattern) => matches(pattern, path)))

/** One word for a placement. */
function placeOf(injection: Injection): string {
  if (injection.kind === 'signed-parameters') return `signed-${injection.place}`
  return injection.kind === 'signed' ? 'token' : injection.kind
}

const BY_401 = ['401']
const STATUS = ['200 json /status 4', '200 xml status 4', '401']
const VIDEO = ['401', '403 json /message You passed in an invalid JWT token']
const SMS = ['200 json /messages/*/status 4', '200 xml status 4', '401']

/** One row per API of the provider that takes the secret: host, paths, placements, rules. */
const FAMILIES: readonly (readonly [
  string,
  HostAlias,
  readonly string[],
  string,
  readonly string[],
])[] = [
  [
    'SMS',
    'rest',
    ['/sms/json', '/sms/xml'],
    'basic form json query signed-form signed-json signed-query',
    SMS,
  ],
  [
    'Verify v1',
    'api',
    [
      '/verify/json',
      '/verify/xml',
      '/verify/check/json',
      '/verify/control/xml',
      '/verify/psd2/json',
      '/verify/search/xml',
    ],
    'basic form json query',
    STATUS,
  ],
  ['Verify v2', 'api', ['/v2/verify', '/v2/verify/id/next-workflow'], 'basic token', BY_401],
  [
    'Number Insight',
    'api',
    ['/ni/basic/json', '/ni/standard/xml', '/ni/advanced/json', '/ni/advanced/async/json'],
    'basic query',
    STATUS,
  ],
  ['Messages', 'api', ['/v1/messages', '/v1/messages/id'], 'basic token json', BY_401],
  ['Application v2', 'api', ['/v2/applications', '/v2/applications/id'], 'basic', BY_401],
  ['Application v1', 'api', ['/v1/applications', '/v1/applications/id'], 'query', BY_401],
  ['Account', 'rest', ['/account/get-balance', '/account/settings'], 'basic query', BY_401],
  [
    'Secrets',
    'api',
    ['/accounts/a1b2c3d4/secrets', '/accounts/a1b2c3d4/secrets/id'],
    'basic',
    BY_401,
  ],
  ['Secrets, definition of 2026', 'rest', ['/accounts/a1b2c3d4/secrets'], 'basic', BY_401],
  ['Subaccounts', 'api', ['/accounts/a1b2c3d4/subaccounts'], 'basic', BY_401],
  [
    'Numbers',
    'rest',
    ['/account/numbers', '/number/search', '/number/buy', '/number/cancel', '/number/update'],
    'basic query',
    BY_401,
  ],
  [
    'Pricing',
    'rest',
    ['/account/get-pricing/outbound/sms', '/account/get-full-pricing/outbound/voice'],
    'basic query',
    BY_401,
  ],
  ['Message Search', 'rest', ['/search/message', '/search/rejections'], 'query basic', BY_401],
  [
    'Conversion',
    'api',
    ['/conversions/sms', '/conversions/voice'],
    'basic query signed-query',
    BY_401,
  ],
  ['Reports', 'api', ['/v2/reports', '/v2/reports/records'], 'basic', BY_401],
  ['Redact', 'api', ['/v1/redact/transaction'], 'basic', BY_401],
  ['Audit', 'api', ['/beta/audit/events'], 'basic', BY_401],
  ['Media', 'api', ['/v3/media', '/v3/media/id'], 'token query', BY_401],
  ['Voice', 'api', ['/v1/calls', '/v1/calls/id'], 'token', BY_401],
  ['Recordings', 'api', ['/v1/files/id'], 'token', BY_401],
  ['Conversations', 'api', ['/v0.1/conversations', '/v1/conversations'], 'token', BY_401],
  ['Users', 'api', ['/v1/users', '/v1/users/id'], 'token', BY_401],
  ['Video', 'video', ['/session/create', '/v2/project/app/session'], 'token', VIDEO],
  ['Meetings', 'eu', ['/v1/meetings/rooms', '/meetings/rooms'], 'token', BY_401],
  ['10DLC', 'eu', ['/v1/10dlc/brands'], 'basic', BY_401],
  ['External accounts', 'api', ['/beta/chatapp-accounts'], 'basic', BY_401],
  ['Programmable SIP', 'api', ['/v1/psip', '/v1/psip/domain/endpoints'], 'basic', BY_401],
  ['Number pools', 'api', ['/v2/numberpools/accounts/x/pools'], 'basic', BY_401],
]

describe('API families', () => {
  test.each(FAMILIES)('%s', (_name, alias, paths, placements, rules) => {
    for (const path of paths) {
      const found = endpoint(alias, path)
      expect(found?.inject.map(placeOf).join(' '), path).toBe(placements)
      expect(found?.authFailure.map(describeRule), path).toEqual(rules)
    }
  })

  test('only the 401 of top-up that names the credentials counts', () => {
    const rules = endpoint('rest', '/account/top-up')?.authFailure ?? []
    expect(rules.every(({ json, xml }) => json !== undefined || xml !== undefined)).toBe(true)
    expect(JSON.stringify(rules)).not.toContain('not auto-reload enabled')
  })

  test.each([
    ['Identity Insights', 'eu', '/identity-insights/v1/requests'],
    ['an unknown path', 'api', '/'],
    ['the other host’s path', 'api', '/sms/json'],
  ] as const)('%s takes no secret of ours, so no endpoint leads there', (_name, alias, path) => {
    expect(endpoint(alias, path)).toBeUndefined()
  })
})

test('every placement writes the key and the secret, under the names of the API', () => {
  const seen = new Set<string>()
  for (const { inject } of routes.flatMap(({ endpoints }) => endpoints)) {
    for (const injection of inject) {
      // What is computed holds no secret, and is looked at by its own tests.
      if (placeOf(injection) === injection.kind) seen.add(JSON.stringify(injection))
    }
  }
  const pair = (key: string, secret: string) => [
    { name: key, template: '{apiKey}' },
    { name: secret, template: '{secret}' },
  ]
  expect([...seen].map((text) => JSON.parse(text) as unknown)).toEqual(
    expect.arrayContaining([
      { kind: 'basic', username: '{apiKey}', password: '{secret}' },
      { kind: 'query', parameters: pair('api_key', 'api_secret') },
      { kind: 'form', fields: pair('api_key', 'api_secret') },
      { kind: 'json', members: pair('/api_key', '/api_secret') },
    ]),
  )
  expect(seen.size).toBe(4)
})

describe('routes', () => {
  test('one for each host, found by prefix and by its real name', () => {
    const found = routes.map(({ pathPrefix, hosts, upstream }) => [
      pathPrefix,
      hosts,
      upstream.origin,
    ])
    expect(found).toEqual([
      ['/vonage/api', ['api.nexmo.com'], 'https://api.nexmo.com'],
      ['/vonage/rest', ['rest.nexmo.com'], 'https://rest.nexmo.com'],
      ['/vonage/video', ['video.api.vonage.com'], 'https://video.api.vonage.com'],
      ['/vonage/eu', ['api-eu.vonage.com'], 'https://api-eu.vonage.com'],
    ])
  })

  test('they carry the name, the credentials and the allow list of the entry', () => {
    const allow = [{ methods: ['POST'], paths: ['/sms/**'] }]
    const named = vonagePreset.routes({ ...input, name: 'x', credentialIds: ['a', 'b'], allow })
    for (const each of named) {
      expect(each).toMatchObject({ name: 'x', credentialIds: ['a', 'b'], allow })
      expect(each.pathPrefix).toMatch(/^\/x\//)
    }
  })

  test('base URLs move what the real host names lead to, and only their own', () => {
    const baseUrls = { rest: 'https://Rest.Example:8443/' }
    const moved = vonagePreset.routes({ ...input, options: { apiKey: 'a1b2c3d4', baseUrls } })
    expect(route('rest', moved)).toMatchObject({
      hosts: ['rest.nexmo.com', 'rest.example'],
      upstream: { origin: 'https://rest.example:8443', insecure: false },
    })
    expect(route('api', moved).hosts).toEqual(['api.nexmo.com'])
  })

  test('hosts that share a base URL share their families, since by host the first is found', () => {
    const url = 'http://127.0.0.1:9000'
    const options = { apiKey: 'a1b2c3d4', baseUrls: { api: url, rest: url } }
    const [api] = vonagePreset.routes({ ...input, options })
    expect(api?.endpoints.flatMap(({ paths }) => paths)).toContain('/sms/json')
    expect(api?.endpoints[0]).toBe(route('api').endpoints[0])
  })
})

function describeRule(rule: Endpoint['authFailure'][number]): string {
  const look = rule.json === undefined ? rule.xml && `xml ${rule.xml}` : `json ${rule.json}`
  return [rule.status, look, rule.in?.join('|')].filter((part) => part !== undefined).join(' ')
}
