import { expect, test } from 'vitest'
import type { TokenSource } from '../../../src/kernel/ports/token-source.ts'
import type { Endpoint, Injection, Route } from '../../../src/kernel/route.ts'
import { compileRoutes, type RouteParts } from '../../../src/proxy/compile-routes.ts'

// Nothing of these is looked into when routes are compiled.
const parts = {
  meter: () => ({}),
  upstream: () => ({}),
  credential: (id: string) => ({ id }),
  signer: () => ({ headerNames: [], parameterNames: [], needsBody: false }),
  signParameters: () => [],
  tokens: (credentialId: string) => ({ credentialId }) as unknown as TokenSource,
} as unknown as RouteParts

const settings = {
  ownNames: new Set<string>(),
  clients: [],
  replayBodyMaxBytes: 0,
  forward: false,
  connect: { intercept: false, unrouted: 'refuse' },
} as const

function compile(...injections: readonly Injection[]) {
  const routes = injections.map((injection, at): Route => ({
    name: `r${at}`,
    pathPrefix: `/r${at}`,
    hosts: [],
    upstream: { origin: 'http://127.0.0.1:1', insecure: false },
    credentialIds: [`c${at}`],
    allow: null,
    endpoints: [endpoint(injection)],
  }))
  const { byPrefix } = compileRoutes(routes, settings, parts)
  return routes.map(({ pathPrefix }) => byPrefix.find(pathPrefix ?? '')?.value.endpoints[0])
}

function endpoint(injection: Injection): Endpoint {
  return { paths: ['/**'], inject: [injection], authFailure: [{ status: 401 }] }
}

test('routes that write their secrets alike share what is compiled', () => {
  const header = (name: string): Injection => ({ kind: 'header', name, format: '{secret}' })
  const [first, alike, other] = compile(header('X-Key'), header('X-Key'), header('X-Other'))
  expect(alike).toBe(first)
  expect(other).not.toBe(first)
  expect(other?.credentialNames.has('x-other')).toBe(true)
  expect(other?.credentialNames.has('x-key')).toBe(false)
})

test('each route has its own tokens, however alike they are written', () => {
  const oauth2 = { tokenUrl: 'https://auth.example/token' }
  const injection = { kind: 'token', oauth2 } as unknown as Injection
  const [first, second] = compile(injection, injection)
  const ownerOf = (compiled: typeof first) => {
    const [place] = compiled?.placements ?? []
    return place?.kind === 'token' ? [...place.tokens.keys()] : []
  }
  expect(ownerOf(first)).toEqual(['c0'])
  expect(ownerOf(second)).toEqual(['c1'])
})

test('what computes is not taken for the same because its text is', () => {
  const signed = (): Injection =>
    ({ kind: 'signed', signer: { secretOf: () => '' } }) as unknown as Injection
  const [first, second] = compile(signed(), signed())
  expect(second).not.toBe(first)
})
