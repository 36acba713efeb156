import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load-config.ts'
import { DAY_MS } from '../../../src/config/units.ts'
import { fakeCatalog } from '../../fakes/catalog.ts'

const parse = (text: string, env = {}) => parseConfig(text, fakeCatalog, env)

const STORE = 'store: { directory: /var/lib/sidekey, keyFile: /run/key }'
const ACME = 'credentials: { acme: { provider: acme, apiKey: a1b2, secret: { file: /run/acme } } }'

test('an empty file has every default', () => {
  expect(parse('')).toEqual({
    log: { level: 'info' },
    proxy: {
      listen: { kind: 'tcp', host: '127.0.0.1', port: 8080 },
      replayBodyMaxBytes: 1024 * 1024,
      workers: 1,
      clients: [],
      forward: false,
      connect: { intercept: false, unrouted: 'refuse' },
      tlsListen: null,
      caDirectory: null,
    },
    admin: { listen: { kind: 'tcp', host: '127.0.0.1', port: 9901 }, token: null },
    store: null,
    credentials: [],
    routes: [],
  })
})

test('a credential rotates by default, with the defaults of the design', () => {
  const [credential] = parse(`${STORE}\n${ACME}`).credentials
  expect(credential).toEqual({
    id: 'acme',
    providerName: 'acme',
    options: { apiKey: 'a1b2' },
    account: 'a1b2',
    publicValues: { apiKey: 'a1b2' },
    sources: { current: { kind: 'file', path: '/run/acme' }, previous: null },
    fitsHeader: false,
    managedBy: null,
    rotation: {
      everyMs: 30 * DAY_MS,
      jitterRatio: 0.1,
      drainMs: 3_600_000,
      standby: 'hot',
      revokeBootstrap: 'confirm',
      memberSilentMs: 300_000,
      windows: [],
      blackouts: [],
    },
  })
})

test.each(['off', '"off"', 'false'])('rotation: %s leaves the rotation to somebody else', (off) => {
  const { credentials } = parse(`credentials:
  acme:
    provider: acme
    apiKey: a1b2
    rotation: ${off}
    current: { file: /run/current }
    previous: { env: OLD }`)
  expect(credentials[0]).toMatchObject({
    rotation: null,
    sources: { current: { path: '/run/current' }, previous: { kind: 'env', name: 'OLD' } },
  })
})

test('every key of a rotation can be set', () => {
  const { credentials } = parse(`${STORE}
credentials:
  acme:
    provider: acme
    apiKey: a1b2
    secret: { file: /run/acme }
    rotation: { every: 5s, jitter: 0%, drain: 500ms, standby: none, revokeBootstrap: auto }`)
  expect(credentials[0]?.rotation).toMatchObject({
    everyMs: 5_000,
    jitterRatio: 0,
    drainMs: 500,
    standby: 'none',
    revokeBootstrap: 'auto',
  })
})

test('a staged promotion is off, and {} gives its defaults', () => {
  const rotation = (keys: string) =>
    parse(`${STORE}\n${ACME.replace(' } } }', ` }, rotation: { ${keys} } } }`)}`).credentials[0]
      ?.rotation
  expect(rotation('every: 1d')?.stagedPromotion).toBeUndefined()
  expect(rotation('stagedPromotion: {}')?.stagedPromotion).toEqual({
    share: 0.1,
    forMs: 600_000,
    refusalsMaxRatio: 0.01,
  })
  const all = 'stagedPromotion: { share: 25%, for: 1h, refusalsMax: 0% }'
  expect(rotation(all)?.stagedPromotion).toEqual({
    share: 0.25,
    forMs: 3_600_000,
    refusalsMaxRatio: 0,
  })
})

test('a preset gets the name, the options and the allow list', () => {
  const { routes } = parse(`${STORE}
credentials:
  acme:
    provider: acme
    apiKey: a1b2
    secret: { file: /run/acme }
    baseUrls: { api: "http://127.0.0.1:9000" }
routes:
  - { preset: acme, credential: acme, name: sms, allow: [{ methods: [GET] }] }`)
  expect(routes.map(({ pathPrefix, upstream }) => [pathPrefix, upstream.origin])).toEqual([
    ['/sms/api', 'http://127.0.0.1:9000'],
    ['/sms/rest', 'https://rest.acme.example'],
  ])
  expect(routes[0]?.allow).toEqual([{ methods: ['GET'], paths: ['/**'] }])
})

test('a route is named after its credential, and its prefix after the route', () => {
  const { routes, credentials } = parse(`${STORE}
${ACME}
routes:
  - { upstream: https://API.Partner.example/, credential: acme, inject: { header: X-Key } }`)
  expect(routes).toEqual([
    {
      name: 'acme',
      pathPrefix: '/acme',
      hosts: [],
      upstream: { origin: 'https://api.partner.example', insecure: false },
      credentialIds: ['acme'],
      accounts: [{ credentialId: 'acme', publicValues: { apiKey: 'a1b2' }, materials: [] }],
      allow: null,
      endpoints: [
        {
          paths: ['/**'],
          inject: [{ kind: 'header', name: 'X-Key', format: '{secret}' }],
          authFailure: [{ status: 401 }],
        },
      ],
    },
  ])
  expect(credentials[0]?.fitsHeader).toBe(true)
})

test('every form of an injection is read, also as a list', () => {
  const { routes, credentials } = parse(`${STORE}
${ACME}
routes:
  - upstream: https://api.partner.example
    credential: acme
    match: { pathPrefix: /v1/partner, host: [API.example, b.example] }
    inject:
      - { header: X-Api-Key, format: "Key {secret}" }
      - { basic: { username: "{apiKey}" } }
      - { bearer: "{apiKey}.{secret}" }
      - { query: { api_key: "{apiKey}", api_secret: "{secret}" } }
      - { form: { api_secret: "{secret}" } }
      - { json: { /api_key: "{apiKey}", /auth/secret: "{secret}" } }
    authFailure:
      - { status: 401 }
      - { status: 200, json: /messages/*/status, in: [4, "5"] }
      - { status: 403, xml: error, notIn: [true] }
    allow: [{ methods: [GET, POST], paths: ["/v1/**", "/v2/*/x"] }]`)
  const [route] = routes
  expect(route?.endpoints[0]?.inject).toEqual([
    { kind: 'header', name: 'X-Api-Key', format: 'Key {secret}' },
    { kind: 'basic', username: '{apiKey}', password: '{secret}' },
    { kind: 'bearer', token: '{apiKey}.{secret}' },
    {
      kind: 'query',
      parameters: [
        { name: 'api_key', template: '{apiKey}' },
        { name: 'api_secret', template: '{secret}' },
      ],
    },
    { kind: 'form', fields: [{ name: 'api_secret', template: '{secret}' }] },
    {
      kind: 'json',
      members: [
        { name: '/api_key', template: '{apiKey}' },
        { name: '/auth/secret', template: '{secret}' },
      ],
    },
  ])
  expect(route?.endpoints[0]?.authFailure).toEqual([
    { status: 401 },
    { status: 200, json: '/messages/*/status', in: ['4', '5'] },
    { status: 403, xml: 'error', notIn: ['true'] },
  ])
  expect(route).toMatchObject({
    pathPrefix: '/v1/partner',
    hosts: ['api.example', 'b.example'],
    allow: [{ methods: ['GET', 'POST'], paths: ['/v1/**', '/v2/*/x'] }],
  })
  expect(credentials[0]?.fitsHeader).toBe(true)
})

test('a route by host only has no prefix', () => {
  const { routes } = parse(`${STORE}
${ACME}
routes:
  - upstream: https://a.example
    credential: acme
    match: { host: a.example }
    inject: { query: { key: "{secret}" } }
    authFailure: []`)
  expect(routes[0]).toMatchObject({ pathPrefix: null, hosts: ['a.example'] })
  expect(routes[0]?.endpoints[0]?.authFailure).toEqual([])
})

test('two accounts share the hosts of a preset: by host the first entry wins', () => {
  const { routes } = parse(`${STORE}
credentials:
  a: { provider: acme, apiKey: aaaa, secret: { file: /run/a } }
  b: { provider: acme, apiKey: bbbb, secret: { file: /run/b }, managedBy: a }
routes:
  - { preset: acme, credential: a }
  - { preset: acme, credential: b }`)
  expect(routes.map(({ pathPrefix, hosts }) => [pathPrefix, ...hosts])).toEqual([
    ['/a/api', 'api.acme.example'],
    ['/a/rest', 'rest.acme.example'],
    ['/b/api'],
    ['/b/rest'],
  ])
})

test('a managed account may have no secret yet', () => {
  const { credentials } = parse(`${STORE}
credentials:
  a: { provider: acme, apiKey: aaaa, secret: { file: /run/a } }
  b: { provider: acme, apiKey: bbbb, managedBy: a }
routes: [{ preset: acme, credential: b }]`)
  expect(credentials[1]).toMatchObject({ managedBy: 'a', sources: { current: null } })
})

test('other hosts may reach the proxy when clients have tokens', () => {
  const { proxy } = parse(`proxy:
  listen: 0.0.0.0:8080
  replayBodyMax: 512KiB
  clients: [{ name: app, tokenFile: /run/app }, { name: job, tokenFile: /run/job, routes: [acme] }]
${STORE}
${ACME}
routes: [{ preset: acme, credential: acme }]`)
  expect(proxy).toMatchObject({
    listen: { kind: 'tcp', host: '0.0.0.0', port: 8080 },
    replayBodyMaxBytes: 512 * 1024,
    clients: [
      { name: 'app', token: { kind: 'file', path: '/run/app' }, routes: null },
      { name: 'job', token: { kind: 'file', path: '/run/job' }, routes: ['acme'] },
    ],
  })
})
