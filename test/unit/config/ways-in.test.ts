import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/kernel/errors.ts'
import { fakeCatalog } from '../../fakes/catalog.ts'

const BASE = `store: { directory: /var/lib/sidekey, keyFile: /run/key }
credentials: { acme: { provider: acme, apiKey: a1b2, secret: { file: /run/acme } } }
`
const ROUTES = 'routes: [{ preset: acme, credential: acme }]'

function errorsOf(text: string): readonly string[] {
  try {
    parseConfig(text, fakeCatalog, {})
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues.map(({ path, message, remedy }) => `${path}: ${message} — ${remedy}`)
  }
}

const proxyOf = (keys: string) =>
  parseConfig(`${BASE}proxy: ${keys}\n${ROUTES}`, fakeCatalog, {}).proxy

test('by default there is one way in', () => {
  expect(proxyOf('{}')).toMatchObject({
    forward: false,
    connect: { intercept: false, unrouted: 'refuse' },
    tlsListen: null,
    caDirectory: null,
  })
})

test('the authority lives below the store, or where it is told to', () => {
  const intercepting = proxyOf('{ forward: true, connect: { intercept: true, unrouted: tunnel } }')
  expect(intercepting).toMatchObject({
    forward: true,
    connect: { intercept: true, unrouted: 'tunnel' },
    caDirectory: '/var/lib/sidekey/ca',
  })
  expect(proxyOf('{ tls: { listen: 127.0.0.1:8443 }, ca: { directory: /run/ca } }')).toMatchObject({
    tlsListen: { kind: 'tcp', host: '127.0.0.1', port: 8443 },
    caDirectory: '/run/ca',
  })
  expect(proxyOf('{ ca: { directory: /run/ca } }').caDirectory).toBeNull()
})

test('a route has a listener of its own, each host of a preset too', () => {
  const { routes } = parseConfig(
    `${BASE}routes:
  - { preset: acme, credential: acme, listen: { api: '127.0.0.1:8081' } }
  - { name: own, upstream: 'https://a.example', credential: acme, inject: { bearer: '{secret}' }, listen: 'unix:/run/own.sock' }`,
    fakeCatalog,
    {},
  )
  expect(routes.map(({ listen }) => listen)).toEqual([
    '127.0.0.1:8081',
    undefined,
    'unix:/run/own.sock',
  ])
})

test.each([
  [
    'an authority without a store',
    `credentials: { a: { provider: mounted, secret: { file: /a } } }\nproxy: { connect: { intercept: true } }`,
    'proxy.connect.intercept: needs a local authority, whose key is encrypted with the key of the store — add `store` with `directory` and `keyFile`',
  ],
  [
    'TLS without a store',
    `credentials: { a: { provider: mounted, secret: { file: /a } } }\nproxy: { tls: { listen: '127.0.0.1:1' } }`,
    'proxy.tls: needs a local authority, whose key is encrypted with the key of the store — add `store` with `directory` and `keyFile`',
  ],
  [
    'TLS for other hosts',
    `${BASE}proxy: { tls: { listen: '0.0.0.0:8443' } }`,
    'proxy.tls.listen: lets other hosts use the credentials — listen on 127.0.0.1 or a unix socket, or name `clients` with tokens',
  ],
  [
    'a listener without a port',
    `${BASE}proxy: { tls: { listen: '127.0.0.1:0' } }`,
    'proxy.tls.listen: has no port — write a port in 127.0.0.1:0, so that clients know it',
  ],
  [
    'one address for two',
    `${BASE}routes: [{ preset: acme, credential: acme, listen: { api: '127.0.0.1:8080' } }]`,
    'routes[0].listen: is the address of another listener — give each its own',
  ],
  [
    'a listener for other hosts',
    `${BASE}routes: [{ preset: acme, credential: acme, listen: { api: '0.0.0.0:8081' } }]`,
    'routes[0].listen: lets other hosts use the credentials — listen on 127.0.0.1 or a unix socket, or name `clients` with tokens',
  ],
  [
    'an unknown alias',
    `${BASE}routes: [{ preset: acme, credential: acme, listen: { apo: '127.0.0.1:8081' } }]`,
    'routes[0].listen.apo: is no host of the preset — use one of: api, rest',
  ],
])('%s is an error', (_name, text, error) => {
  expect(errorsOf(text)).toEqual([error])
})
