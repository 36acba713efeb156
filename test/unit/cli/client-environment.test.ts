import { expect, test } from 'vitest'
import { authorityPaths } from '../../../src/authority/authority-files.ts'
import { clientEnvironment } from '../../../src/cli/client-environment.ts'
import { parseConfig } from '../../../src/config/load-config.ts'
import { fakeCatalog } from '../../fakes/catalog.ts'

const paths = authorityPaths('/ca')

function environment(
  proxy: string,
  inherited: Record<string, string> = {},
  upstream = 'https://a.example',
  match = '{ pathPrefix: /my-partner }',
  inject = "{ bearer: '{secret}' }",
) {
  const config = parseConfig(
    `proxy: ${proxy}
store: { directory: /store, keyFile: /key }
credentials: { partner: { provider: mounted, secret: { file: /secret } } }
routes: [{ name: my-partner, match: ${match}, upstream: '${upstream}', credential: partner, inject: ${inject} }]`,
    fakeCatalog,
    {},
  )
  return clientEnvironment(config, config.proxy.caDirectory === null ? null : paths, inherited)
}

test('without a proxy there are base URLs only', () => {
  expect(environment('{}')).toEqual({
    SIDEKEY_URL: 'http://127.0.0.1:8080',
    SIDEKEY_MY_PARTNER_URL: 'http://127.0.0.1:8080/my-partner',
  })
})

test('a forward proxy is for http, in both cases, and not for Sidekey itself', () => {
  const variables = environment("{ listen: '[::1]:9000', forward: true }")
  expect(variables).toMatchObject({
    HTTP_PROXY: 'http://[::1]:9000',
    http_proxy: 'http://[::1]:9000',
    NO_PROXY: 'localhost,127.0.0.1,::1',
    no_proxy: 'localhost,127.0.0.1,::1',
    NODE_USE_ENV_PROXY: '1',
    JAVA_TOOL_OPTIONS:
      '-Dhttp.proxyHost=::1 -Dhttp.proxyPort=9000 -Dhttp.nonProxyHosts=localhost|127.*|[::1]',
  })
  expect(variables).not.toHaveProperty('HTTPS_PROXY')
  expect(variables).not.toHaveProperty('SSL_CERT_FILE')
})

test('interception is for https, and every client is told what to trust', () => {
  expect(environment('{ connect: { intercept: true } }')).toMatchObject({
    HTTPS_PROXY: 'http://127.0.0.1:8080',
    https_proxy: 'http://127.0.0.1:8080',
    NODE_EXTRA_CA_CERTS: '/ca/ca.pem',
    SSL_CERT_FILE: '/ca/trust.pem',
    REQUESTS_CA_BUNDLE: '/ca/trust.pem',
    CURL_CA_BUNDLE: '/ca/trust.pem',
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: '/ca/trust.pem',
    // Empty: its own folder of settings, then ours.
    PHP_INI_SCAN_DIR: ':/ca',
    JAVA_TOOL_OPTIONS: expect.stringContaining('-Djavax.net.ssl.trustStore=/ca/trust.jks'),
  })
})

test("PHP's own folders of settings are kept", () => {
  const inherited = { PHP_INI_SCAN_DIR: ':/app/php' }
  const { PHP_INI_SCAN_DIR } = environment('{ connect: { intercept: true } }', inherited)
  expect(PHP_INI_SCAN_DIR).toBe(':/app/php:/ca')
})

test('tunnels alone need nothing to be trusted', () => {
  const variables = environment('{ connect: { unrouted: tunnel } }')
  expect(variables).toHaveProperty('HTTPS_PROXY')
  expect(variables).not.toHaveProperty('NODE_EXTRA_CA_CERTS')
})

test('hosts that went directly still do, and those of routes do not', () => {
  const match = '{ host: [api.partner.example, rest.partner.example] }'
  const inherited = {
    NO_PROXY: 'intranet.example, .partner.example,10.0.0.0/8',
    no_proxy: 'intranet.example rest.partner.example:443,*.corp.example,127.0.0.1',
  }
  const { NO_PROXY, no_proxy } = environment(
    '{ connect: { intercept: true } }',
    inherited,
    undefined,
    match,
  )
  expect(NO_PROXY).toBe('localhost,127.0.0.1,::1,intranet.example,10.0.0.0/8,*.corp.example')
  expect(no_proxy).toBe(NO_PROXY)
})

test.each(['*', 'example', 'partner.example', '*.partner.example', 'API.partner.example'])(
  'a client that was told to proxy nothing to %s proxies what has a route',
  (entry) => {
    const match = '{ host: api.partner.example }'
    const { NO_PROXY } = environment('{ forward: true }', { NO_PROXY: entry }, undefined, match)
    expect(NO_PROXY).toBe('localhost,127.0.0.1,::1')
  },
)

test.each(['http_proxy', 'HTTPS_PROXY', 'all_proxy'])(
  'base URLs do not go through a proxy that %s names, beside those that need none already',
  (name) => {
    const inherited = { [name]: 'http://proxy.corp.example:3128', NO_PROXY: 'intranet.example' }
    expect(environment('{}', inherited)).toMatchObject({
      NO_PROXY: 'localhost,127.0.0.1,::1,intranet.example',
      no_proxy: 'localhost,127.0.0.1,::1,intranet.example',
    })
  },
)

test("Java's own options are kept", () => {
  const { JAVA_TOOL_OPTIONS } = environment('{ forward: true }', { JAVA_TOOL_OPTIONS: '-Xmx64m' })
  expect(JAVA_TOOL_OPTIONS).toMatch(/^-Xmx64m -Dhttp\.proxyHost=/)
})

test('an SDK with a variable of its own gets its base URL there', () => {
  expect(environment('{}', {}, 'https://api.openai.com')).toMatchObject({
    OPENAI_BASE_URL: 'http://127.0.0.1:8080/my-partner/v1',
  })
})

test('so it does where the route has the host, and its upstream is a gateway', () => {
  const match = '{ pathPrefix: /my-partner, host: api.openai.com }'
  expect(environment('{}', {}, 'https://gateway.example', match)).toMatchObject({
    OPENAI_BASE_URL: 'http://127.0.0.1:8080/my-partner/v1',
  })
})

test.each([
  ['s3', 'https://s3.eu-central-1.amazonaws.com', ['AWS_ENDPOINT_URL_S3']],
  ['s3', 'https://objects.example', ['AWS_ENDPOINT_URL_S3']],
  [
    'bedrock',
    'https://bedrock-runtime.eu-central-1.amazonaws.com',
    ['AWS_ENDPOINT_URL_BEDROCK_RUNTIME'],
  ],
  [
    'ses',
    'https://email.eu-central-1.amazonaws.com',
    ['AWS_ENDPOINT_URL_SES', 'AWS_ENDPOINT_URL_SESV2'],
  ],
  [
    'secretsmanager',
    'https://secretsmanager.eu-central-1.amazonaws.com',
    ['AWS_ENDPOINT_URL_SECRETS_MANAGER'],
  ],
])(
  'the SDKs of AWS find %s at %s, and every other service where it is',
  (service, upstream, names) => {
    const inject = `{ sigv4: { region: eu-central-1, service: ${service} } }`
    const variables = environment('{}', {}, upstream, undefined, inject)
    const found = Object.keys(variables).filter((name) => name.startsWith('AWS_'))
    expect(found).toEqual(names)
    expect(variables[names[0] ?? '']).toBe('http://127.0.0.1:8080/my-partner')
  },
)

test('an SDK would write the bucket into the path once more where the upstream is one', () => {
  const inject = '{ sigv4: { region: eu-central-1, service: s3 } }'
  const upstream = 'https://my-files.s3.eu-central-1.amazonaws.com'
  expect(Object.keys(environment('{}', {}, upstream, undefined, inject))).toEqual([
    'SIDEKEY_URL',
    'SIDEKEY_MY_PARTNER_URL',
  ])
})

test('a unix socket has no name for clients', () => {
  expect(environment('{ listen: unix:/run/proxy.sock, forward: true }')).toEqual({})
})
