import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load-config.ts'
import { ConfigError, type ConfigIssue } from '../../../src/kernel/errors.ts'
import { fakeCatalog } from '../../fakes/catalog.ts'

/** What a test says of a file: `LINE PATH: MESSAGE — REMEDY`. */
function errorsOf(text: string, env: Record<string, string> = {}): readonly string[] {
  try {
    parseConfig(text, fakeCatalog, env)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues.map(line)
  }
}

function line({ path, line, message, remedy }: ConfigIssue): string {
  return `${line} ${path}: ${message} — ${remedy}`
}

const BASE = `store: { directory: /var/lib/sidekey, keyFile: /run/key }
credentials:
  acme: { provider: acme, apiKey: a1b2, secret: { file: /run/acme } }
  other: { provider: mounted, current: { file: /run/a }, previous: { file: /run/b } }
`
const credential = (keys: string) => `store: { directory: /d, keyFile: /k }
credentials:
  acme:
    provider: acme
    apiKey: a1b2
    ${keys}`
const route = (keys: string) => `${BASE}routes:
  - upstream: https://a.example
    credential: acme
    ${keys}`
const INJECT = 'inject: { bearer: "{secret}" }'

const WHERE_SECRET =
  'does not say where the secret is — write { file: /run/secrets/name } or { env: NAME }, never the secret itself'
const NO_LISTEN = 'write 127.0.0.1:8080, [::1]:8080 or unix:/run/sidekey/proxy.sock'

const cases: readonly (readonly [name: string, text: string, ...errors: readonly string[]])[] = [
  ['no mapping', '- a', '1 : is no mapping — write keys and values below it'],
  ['unknown section', '\nproxi: {}', '2 proxi: unknown key — did you mean `proxy`?'],
  [
    'unlike any section',
    'banana: 1',
    '1 banana: unknown key — the keys here are version, log, proxy, admin, store, credentials, routes',
  ],
  ['prototype', '__proto__: { a: 1 }', '1 __proto__: unknown key — remove it'],
  [
    'prototype below',
    'credentials:\n  __proto__: { provider: mounted, secret: { file: /s } }',
    '2 credentials.__proto__: unknown key — remove it',
    '2 credentials.__proto__: is no name — use at most 63 letters, digits, dots, hyphens and underscores, the first a letter or digit',
  ],
  ['version', 'version: 2', '1 version: is none of the words that are possible here — write 1'],
  [
    'section of another type',
    'proxy: 8080',
    '1 proxy: is no mapping — write keys and values below it',
  ],
  [
    'list for a mapping',
    'credentials: []',
    '1 credentials: is no mapping — write keys and values below it',
  ],
  [
    'mapping for a list',
    'routes: {}',
    '1 routes: is no list — write a list: lines that start with a hyphen',
  ],
  [
    'log level',
    'log:\n  level: debgu',
    '2 log.level: is none of the words that are possible here — did you mean `debug`?',
  ],
  // proxy and admin
  [
    'address without port',
    'proxy:\n  listen: 127.0.0.1',
    `2 proxy.listen: is no address to listen on — ${NO_LISTEN}`,
  ],
  ['number as address', 'proxy: { listen: 8080 }', '1 proxy.listen: is no text — put it in quotes'],
  [
    'open to other hosts',
    'proxy:\n  listen: 0.0.0.0:8080',
    '2 proxy.listen: lets other hosts use the credentials — listen on 127.0.0.1 or a unix socket, or name `clients` with tokens',
  ],
  [
    'size without unit',
    'proxy: { replayBodyMax: 1MB }',
    '1 proxy.replayBodyMax: is no size — write a number with its unit, such as 512KiB or 1MiB',
  ],
  [
    'size above all held bodies',
    'proxy: { replayBodyMax: 65MiB }',
    '1 proxy.replayBodyMax: is more than all held bodies together may take — write at most 64MiB',
  ],
  [
    'clients',
    'proxy:\n  clients:\n    - { name: a, tokenFile: /t }\n    - { name: a, tokenFile: /t, routes: [x] }\n    - { name: b }',
    '5 proxy.clients[2].tokenFile: is missing — add `tokenFile` here',
  ],
  [
    'client twice',
    'proxy:\n  clients:\n    - { name: a, tokenFile: /t }\n    - { name: a, tokenFile: /t, routes: [x] }',
    '4 proxy.clients[1].name: is the name of an earlier client — give each client its own name',
    '4 proxy.clients[1].routes[0]: refers to a route that does not exist — name one of: none, since there are no routes',
  ],
  [
    'one port for both',
    'proxy: { listen: "127.0.0.1:9901" }',
    '1 admin.listen: is the address of another listener — give each its own',
  ],
  [
    'admin on a socket',
    'admin:\n  listen: unix:/run/sidekey/admin.sock\n  tokenFile: /t',
    '2 admin.listen: is a unix socket, which probes and scrapers do not find — write an IP address and a port, such as 127.0.0.1:9901',
  ],
  // store
  [
    'store without key',
    'store:\n  directory: /d',
    '1 store: has no key — add `keyFile`; make one with: openssl rand -base64 32',
  ],
  [
    'store with two keys',
    'store:\n  directory: /d\n  keyFile: /k\n  keyEnv: KEY',
    '4 store.keyEnv: stands beside `keyFile` — keep `keyFile`, it is safer',
  ],
  [
    'store of another type',
    'store: { type: fil, directory: /d, keyFile: /k }',
    '1 store.type: is none of the words that are possible here — did you mean `file`?',
  ],
  [
    'rotation without store',
    '\ncredentials:\n  acme: { provider: acme, apiKey: a1b2, secret: { file: /s } }',
    '2 store: is missing, and a credential rotates — add `store` with `directory` and `keyFile`, or say `rotation: off`',
  ],
  // credentials
  [
    'no provider',
    'credentials:\n  a:\n    apiKey: x',
    '2 credentials.a.provider: is missing — add `provider` here',
  ],
  [
    'unknown provider',
    'credentials:\n  a:\n    provider: acmee',
    '3 credentials.a.provider: is none of the words that are possible here — did you mean `acme`?',
  ],
  [
    'name of a credential',
    `${BASE}  ../x: { provider: mounted, secret: { file: /s } }`,
    '5 credentials["../x"]: is no name — use at most 63 letters, digits, dots, hyphens and underscores, the first a letter or digit',
  ],
  [
    'key of the provider',
    credential('secret: { file: /s }\n    apikey: x'),
    '7 credentials.acme.apikey: unknown key — did you mean `apiKey`?',
  ],
  [
    'value that the provider refuses',
    `${BASE}  b: { provider: acme, apiKey: x, secret: { file: /s } }`,
    '5 credentials.b.apiKey: is not valid here — an API key has at least 4 characters',
  ],
  [
    'digits as a name',
    `${BASE}  b: { provider: acme, apiKey: 12345678, secret: { file: /s } }`,
    '5 credentials.b.apiKey: is no text — put it in quotes',
  ],
  ['no secret', credential(''), '3 credentials.acme: has no secret — add `secret`'],
  ['secret as text', credential('secret: hunter2'), `6 credentials.acme.secret: ${WHERE_SECRET}`],
  [
    'secret as a key',
    credential('secret: {hunter2}'),
    `6 credentials.acme.secret: ${WHERE_SECRET}`,
  ],
  [
    'secret as a list',
    credential('secret: [hunter2]'),
    `6 credentials.acme.secret: ${WHERE_SECRET}`,
  ],
  [
    'two sources',
    credential('secret: { file: /a, env: B }'),
    `6 credentials.acme.secret: ${WHERE_SECRET}`,
  ],
  [
    'variable not set',
    credential('secret: { env: ACME }'),
    '6 credentials.acme.secret: the environment variable is not set — set it, or mount a file instead',
  ],
  [
    'current beside a rotation',
    credential('current: { file: /s }'),
    '6 credentials.acme.current: stands beside a rotation — use `secret`, or say `rotation: off`',
  ],
  [
    'secret beside current',
    credential('secret: { file: /s }\n    current: { file: /s }\n    rotation: off'),
    '6 credentials.acme.secret: stands beside `current` or `previous` — keep `secret`, or the other two',
  ],
  [
    'rotation of what somebody else rotates',
    'credentials:\n  a:\n    provider: mounted\n    secret: { file: /s }\n    rotation: { every: 1d }',
    '5 credentials.a.rotation: is none of the words that are possible here — write off or false',
  ],
  [
    'duration',
    credential('secret: { file: /s }\n    rotation:\n      every: 5x'),
    '8 credentials.acme.rotation.every: is no duration — write 500ms, 5s, 10m, 1h or 30d',
  ],
  [
    'duration without unit',
    credential('secret: { file: /s }\n    rotation: { every: 30 }'),
    '7 credentials.acme.rotation.every: is no text — put it in quotes',
  ],
  [
    'no time',
    credential('secret: { file: /s }\n    rotation: { every: 0s }'),
    '7 credentials.acme.rotation.every: is no time at all — write a duration above 0, such as 5s',
  ],
  [
    'jitter',
    credential('secret: { file: /s }\n    rotation: { jitter: 60% }'),
    '7 credentials.acme.rotation.jitter: is more than half of the time — write at most 50%',
  ],
  [
    'drain',
    credential('secret: { file: /s }\n    rotation: { drain: 8d }'),
    '7 credentials.acme.rotation.drain: is longer than 7 days — write at most 7d',
  ],
  [
    'a share of nothing',
    credential('secret: { file: /s }\n    rotation: { stagedPromotion: { share: 0% } }'),
    '7 credentials.acme.rotation.stagedPromotion.share: is no request at all — write a share above 0%, such as 10%',
  ],
  [
    'most requests at first',
    credential('secret: { file: /s }\n    rotation: { stagedPromotion: { share: 60% } }'),
    '7 credentials.acme.rotation.stagedPromotion.share: is more than half of the requests — write at most 50%',
  ],
  [
    'a stage of two days',
    credential('secret: { file: /s }\n    rotation: { stagedPromotion: { for: 2d } }'),
    '7 credentials.acme.rotation.stagedPromotion.for: is longer than a day — write at most 1d',
  ],
  [
    'a stage not shorter than every',
    credential(
      'secret: { file: /s }\n    rotation:\n      every: 1h\n      drain: 1m\n      stagedPromotion: { for: 1h }',
    ),
    '10 credentials.acme.rotation.stagedPromotion.for: is not shorter than `every` — shorten it or lengthen `every`',
  ],
  [
    'drain not shorter than every',
    credential('secret: { file: /s }\n    rotation:\n      every: 1h\n      drain: 1h'),
    '9 credentials.acme.rotation.drain: is not shorter than `every` — shorten `drain` or lengthen `every`',
  ],
  [
    'rotation',
    credential('secret: { file: /s }\n    rotation: of'),
    '7 credentials.acme.rotation: is none of the words that are possible here — did you mean `off`?',
  ],
  [
    'manager that does not exist',
    credential('secret: { file: /s }\n    managedBy: acne'),
    '7 credentials.acme.managedBy: refers to a credential that does not exist — did you mean `acme`?',
  ],
  [
    'manager of another provider',
    `${BASE}  b: { provider: acme, apiKey: bbbb, secret: { file: /s }, managedBy: other }`,
    '5 credentials.b.managedBy: is a credential of another provider — name one of the same provider',
  ],
  [
    'managers in a circle',
    `store: { directory: /d, keyFile: /k }
credentials:
  a: { provider: acme, apiKey: aaaa, secret: { file: /s }, managedBy: b }
  b: { provider: acme, apiKey: bbbb, secret: { file: /s }, managedBy: a }
  c: { provider: acme, apiKey: cccc, secret: { file: /s }, managedBy: a }`,
    '3 credentials.a.managedBy: leads back to this credential — let one of them manage itself',
    '4 credentials.b.managedBy: leads back to this credential — let one of them manage itself',
  ],
  [
    'no secret where the manager does not rotate',
    `${BASE}  b: { provider: acme, apiKey: bbbb, managedBy: acme, rotation: off }`,
    '5 credentials.b: has no secret — add `secret`, or `current` and `previous`',
  ],
  [
    'only a second secret, with a manager',
    `${BASE}  b: { provider: acme, apiKey: bbbb, managedBy: acme, previous: { file: /s } }`,
    '5 credentials.b: has no secret — add `secret`',
  ],
  [
    'one account twice',
    `${BASE}  b: { provider: acme, apiKey: a1b2, secret: { file: /s } }`,
    '5 credentials.b: rotates the account of an earlier credential — remove one of the two',
  ],
  // routes
  [
    'preset',
    `${BASE}routes:\n  - preset: acmee\n    credential: acme`,
    '6 routes[0].preset: is none of the words that are possible here — did you mean `acme`?',
  ],
  [
    'key of a preset',
    `${BASE}routes:\n  - preset: acme\n    credental: acme`,
    '7 routes[0].credental: unknown key — did you mean `credential`?',
  ],
  [
    'credential that does not exist',
    `${BASE}routes:\n  - preset: acme\n    credential: banana`,
    '7 routes[0].credential: refers to a credential that does not exist — name one of: acme, other',
  ],
  [
    'preset that needs a word',
    `${BASE}routes:\n  - preset: acme\n    credential: other`,
    '7 routes[0].credential: asks for a word that the credential does not have — the words here are {secret}',
  ],
  ['no injection', route(''), '6 routes[0].inject: is missing — add `inject` here'],
  [
    'upstream with a secret',
    `${BASE}routes:\n  - { upstream: "https://k:hunter2@a.example", credential: acme, ${INJECT} }`,
    '6 routes[0].upstream: a URL carries a name or a secret before its @ — take it out; credentials stand under credentials:',
  ],
  [
    'base URL with a secret',
    `${BASE}  b: { provider: acme, apiKey: bbbb, secret: { file: /s }, baseUrls: { api: "https://k:hunter2@a.example" } }`,
    '5 credentials.b.baseUrls.api: a URL carries a name or a secret before its @ — take it out; credentials stand under credentials:',
  ],
  [
    'upstream with a path',
    `${BASE}routes:\n  - { upstream: "https://a.example/v1", credential: acme, ${INJECT} }`,
    '6 routes[0].upstream: is no origin of an upstream — write scheme, host and port only, such as https://api.partner.example',
  ],
  [
    'plain http beyond loopback',
    `${BASE}routes:\n  - { upstream: "http://a.example", credential: acme, ${INJECT} }`,
    '6 routes[0].upstream: would send the secret unencrypted to another host — use https, or say `insecure: true` on this route',
  ],
  [
    'upstream that is the proxy',
    `${BASE}routes:\n  - { upstream: "http://127.0.0.1:8080", credential: acme, ${INJECT} }`,
    '6 routes[0].upstream: is the address of the proxy itself — name the API that is meant',
  ],
  [
    'match',
    route(`${INJECT}\n    match: { pathPrefx: /a }`),
    '9 routes[0].match.pathPrefx: unknown key — did you mean `pathPrefix`?',
  ],
  [
    'path prefix',
    route(`${INJECT}\n    match: { pathPrefix: /a/ }`),
    '9 routes[0].match.pathPrefix: is no path prefix — start with a slash and end without one, such as /partner',
  ],
  [
    'host',
    route(`${INJECT}\n    match: { host: "a.example:80" }`),
    '9 routes[0].match.host: is no host name — write a name without scheme, port or path',
  ],
  [
    'injection key',
    route('inject: { headr: X-Key, format: "{secret}" }'),
    '8 routes[0].inject.headr: unknown key — did you mean `header`?',
  ],
  [
    'injection in a list',
    route('inject:\n      - { basic: { user: x } }'),
    '9 routes[0].inject[0].basic.username: is missing — add `username` here',
    '9 routes[0].inject[0].basic.user: unknown key — the keys here are username, password',
  ],
  [
    'a kind that does not exist',
    route('inject: { cookie: x }'),
    '8 routes[0].inject.header: is missing — add `header` here',
    '8 routes[0].inject.cookie: unknown key — the keys here are header, format',
  ],
  [
    'header that frames',
    route('inject: { header: Content-Length }'),
    '8 routes[0].inject.header: is a header that frames the message — use a header of its own for the secret',
  ],
  [
    'stray brace',
    route('inject: { bearer: "{secret" }'),
    '8 routes[0].inject.bearer: has a brace that is no placeholder — write {secret} or a public word in braces',
  ],
  [
    'word that the credential does not have',
    route('inject: { bearer: "{api_key}{secret}" }'),
    '8 routes[0].inject.bearer: has a brace that is no placeholder — write {secret} or a public word in braces',
  ],
  [
    'placeholder that nobody knows',
    route('inject: { bearer: "{apikey}{secret}" }'),
    '8 routes[0].inject: asks for a word that the credential does not have — the words here are {secret}, {apiKey}',
  ],
  [
    'injection without the secret',
    route('inject: { query: { api_key: "{apiKey}" } }'),
    '8 routes[0].inject: does not write the secret — put {secret} into a template',
  ],
  [
    'colon in the user of Basic',
    route('inject: { basic: { username: "a:{apiKey}" } }'),
    '8 routes[0].inject: has a colon in the user of Basic — use a user without a colon',
  ],
  [
    'JSON pointer',
    route('inject: { json: { api_key: "{secret}" } }'),
    '8 routes[0].inject.json.api_key: is no JSON pointer — start with a slash, such as /error/code (RFC 6901)',
  ],
  [
    'status that says nothing',
    route(`${INJECT}\n    authFailure:\n      - { status: 429 }`),
    '10 routes[0].authFailure[0].status: says nothing about the credential — leave out 429 and 5xx',
  ],
  [
    'status out of range',
    route(`${INJECT}\n    authFailure: [{ status: 42 }]`),
    '9 routes[0].authFailure[0].status: is too small or empty — give at least 100',
  ],
  [
    'success taken for a refusal',
    route(`${INJECT}\n    authFailure: [{ status: 200 }]`),
    '9 routes[0].authFailure[0]: takes answers for refusals that may be none — look into the body too: add `json` or `xml`, and `in`',
  ],
  [
    'rule without values',
    route(`${INJECT}\n    authFailure: [{ status: 200, json: /a }]`),
    '9 routes[0].authFailure[0]: says no values — add `in` or `notIn`',
  ],
  [
    'rule without a place',
    route(`${INJECT}\n    authFailure: [{ status: 401, in: [a] }]`),
    '9 routes[0].authFailure[0]: does not say where to look — add `json` or `xml`',
  ],
  [
    'rule of two kinds',
    route(`${INJECT}\n    authFailure: [{ status: 200, json: /a, xml: a, in: [a], notIn: [b] }]`),
    '9 routes[0].authFailure[0]: names both `json` and `xml` — write two rules',
    '9 routes[0].authFailure[0]: names both `in` and `notIn` — keep one of them',
  ],
  [
    'rule of gRPC that looks elsewhere too',
    route(`${INJECT}\n    authFailure: [{ status: 401, grpc: [16] }]`),
    '9 routes[0].authFailure[0]: says more than `grpc` — write `status: 200` and `grpc` alone, as a rule of its own',
  ],
  [
    'rule of gRPC that takes success for a refusal',
    route(`${INJECT}\n    authFailure: [{ status: 200, grpc: [0] }]`),
    '9 routes[0].authFailure[0].grpc[0]: is too small or empty — give at least 1',
  ],
  [
    'method in lower case',
    route(`${INJECT}\n    allow: [{ methods: [get] }]`),
    '9 routes[0].allow[0].methods[0]: is no method — use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS in capitals',
  ],
  [
    'pattern of paths',
    route(`${INJECT}\n    allow: [{ paths: ["/v1*"] }]`),
    '9 routes[0].allow[0].paths[0]: is no pattern of paths — write whole segments: /v1/things, /v1/*/parts, /v1/** (** at the end only)',
  ],
  [
    'route twice',
    `${BASE}routes:\n  - { preset: acme, credential: acme }\n  - { preset: acme, credential: acme }`,
    '7 routes[1].name: is the name of an earlier route — give this route a `name` of its own',
  ],
  [
    'prefixes that differ in case only',
    `${BASE}routes:
  - { name: a, upstream: https://a.example, credential: acme, ${INJECT}, match: { pathPrefix: /x } }
  - { name: b, upstream: https://b.example, credential: acme, ${INJECT}, match: { pathPrefix: /X } }`,
    '7 routes[1].match.pathPrefix: is the path prefix of an earlier route — give this route another one',
  ],
  [
    'route that no request reaches',
    `${BASE}routes:
  - { name: a, upstream: https://a.example, credential: acme, ${INJECT}, match: { host: x } }
  - { name: b, upstream: https://b.example, credential: acme, ${INJECT}, match: { host: x } }`,
    '7 routes[1].match.host: shares a host with an earlier route, which gets the requests by host — reach this route by its path prefix',
  ],
  // YAML
  [
    'key twice',
    'log: {}\nlog: {}',
    '2 : a key stands here for the second time — keep one of the two',
  ],
  ['tab', 'log:\n\tlevel: info', '2 : a tab indents this line — indent with spaces'],
  [
    'second document',
    'log: {}\n---\nlog: {}',
    '2 : a second document starts here — keep one document per file',
  ],
  ['alias', 'log: *hunter2', '1 : an alias has no anchor — put what starts with * in quotes'],
  ['tag', 'log: !hunter2 x', '1 : a tag is unknown — put what starts with ! in quotes'],
  [
    'merge key',
    'log: &a {}\nproxy: { <<: *a }',
    '2 proxy["<<"]: unknown key — the keys here are listen, replayBodyMax, workers, clients, forward, connect, tls, ca',
  ],
  [
    'quote',
    'log: { level: "info }',
    '1 : is no valid YAML (missing-char) — check quotes, brackets, colons and indentation near this line',
  ],
]

test.each(cases)('%s', (_name, text, ...errors) => {
  expect(errorsOf(text)).toEqual(errors)
})

test('all errors are told at once, in the order of the file', () => {
  const errors = errorsOf(`proxy: { listen: "0.0.0.0:1" }
credentials:
  a: { provider: acme, apiKey: x }
routes:
  - { preset: acme, credential: b }
admin: { listn: x }`)
  expect(errors.map((error) => error.split(':')[0])).toEqual([
    '1 proxy.listen',
    '3 credentials.a.apiKey',
    '5 routes[0].credential',
    '6 admin.listn',
  ])
})

test.each([
  [
    'aliases that multiply',
    'a: &a [x,x,x,x,x,x,x,x,x]\n'.concat(
      ...'bcdefgh'
        .split('')
        .map((name, i) => `${name}: &${name} [${`*${'abcdefg'[i]},`.repeat(9)}]\n`),
    ),
  ],
  ['endless nesting', '['.repeat(100_000)],
  ['nesting that closes', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
])('%s end in an error, not in a crash', (_name, text) => {
  expect(errorsOf(text).length).toBeGreaterThan(0)
})

test('a client is not told off for a route that was left out for its own errors', () => {
  const errors = errorsOf(`proxy: { clients: [{ name: a, tokenFile: /t, routes: [x] }] }
routes:
  - { name: x, preset: acme }`)
  expect(errors).toEqual(['3 routes[0].credential: is missing — add `credential` here'])
})
