import { expect, test } from 'vitest'
import { parseConfig } from '../../../src/config/load-config.ts'
import { ConfigError } from '../../../src/kernel/errors.ts'
import { fakeCatalog } from '../../fakes/catalog.ts'

const PIN = '4FkgmLWmzVrtVnLm2hYyBxGNfOLhjGqmnTX3K0wpY0A='

const parse = (route: string) =>
  parseConfig(
    `store: { directory: /var/lib/sidekey, keyFile: /run/key }
credentials: { acme: { provider: acme, apiKey: a1b2, secret: { file: /run/acme } } }
routes: [${route}]`,
    fakeCatalog,
    {},
  ).routes

function errorsOf(route: string): readonly string[] {
  try {
    parse(route)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.issues.map(({ path, message }) => `${path}: ${message}`)
  }
}

const explicit = (more: string, upstream = 'https://api.partner.example') =>
  `{ upstream: '${upstream}', credential: acme, inject: { header: X-Key }, ${more} }`

test('bodies are masked on every route of a preset, and nowhere by default', () => {
  const masked = parse('{ preset: acme, credential: acme, maskBody: true }')
  expect(masked.map(({ maskBody }) => maskBody)).toEqual([true, true])
  expect(parse(explicit('maskBody: true'))[0]?.maskBody).toBe(true)
  expect(parse(explicit(''))[0]?.maskBody).toBeUndefined()
})

test('pins are written with or without the name of their hash', () => {
  const [route] = parse(explicit(`pins: [${PIN}, sha256/${PIN}]`))
  expect(route?.upstream.pins).toEqual([PIN, PIN])
})

test.each([
  ['a pin that is too short', explicit('pins: [abc=]'), 'routes[0].pins[0]: is no pin'],
  [
    'pins without TLS',
    explicit(`pins: [${PIN}]`, 'http://127.0.0.1:9000'),
    'routes[0].pins: need https',
  ],
])('%s is an error', (_name, route, error) => {
  expect(errorsOf(route)).toEqual([error])
})
