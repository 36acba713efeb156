import { afterEach, expect, test } from 'vitest'
import { startOktaEmulator } from '../../../src/emulator/okta/start-okta-emulator.ts'
import type { CredentialConfig } from '../../../src/config/types.ts'
import type { OAuth2Spec } from '../../../src/kernel/ports/token-source.ts'
import type { Route } from '../../../src/kernel/route.ts'
import type { SecretValue } from '../../../src/kernel/secret-value.ts'
import type { CredentialUnit } from '../../../src/wiring/credential-unit.ts'
import { Connections } from '../../../src/calls/connections.ts'
import { TokenCaches } from '../../../src/wiring/token-caches.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'

const SECRET = 'Planted1FirstClientSecret'
const VERSION = liveVersion(1, SECRET)
const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

test('a reload that changes nothing of it keeps the token; another scope is another token', async () => {
  const { caches, spec, routes, units, prepare, asked } = await raise()
  const first = (await prepare(routes, units)).of('crm', spec)
  await caches.commit()
  await first.ready([VERSION])
  const again = await prepare(routes, units)
  expect(again.of('crm', structuredClone(spec))).toBe(first)
  await caches.commit()
  expect(asked()).toBe(1)
  const other = { ...spec, parameters: [{ name: 'scope', value: 'other' }] }
  const changed = (await prepare([routeOf(other)], units)).of('crm', other)
  expect(changed).not.toBe(first)
  // Requests in flight go on with what they have, until they have ended.
  await caches.commit()
  expect(first.tokenOf(VERSION)).not.toBeNull()
})

test('a reload that fails lets go of what only it would have needed', async () => {
  const { caches, spec, routes, units, prepare, clock } = await raise()
  const first = (await prepare(routes, units)).of('crm', spec)
  await caches.commit()
  await first.ready([VERSION])
  const pending = clock.pending
  const other = { ...spec, clientAuth: 'post' as const }
  const second = (await prepare([routeOf(other)], units)).of('crm', other)
  await second.ready([VERSION])
  expect(clock.pending).toBe(pending + 1)
  await caches.discard()
  expect(clock.pending).toBe(pending)
  expect((await prepare(routes, units)).of('crm', spec)).toBe(first)
})

test('two routes that ask alike share a token', async () => {
  const { spec, units, prepare, asked } = await raise()
  const prepared = await prepare([routeOf(spec), routeOf(structuredClone(spec))], units)
  await prepared.of('crm', spec).ready([VERSION])
  expect(asked()).toBe(1)
})

test("a credential's source tells of its tokens, so that echoes are masked and logs scrubbed", async () => {
  const { caches, spec, routes, units, unit, prepare, kept } = await raise()
  const prepared = await prepare(routes, units)
  const source = prepared.sourceOf(unit)
  let changes = 0
  const stop = source.watch(() => changes++)
  await prepared.of('crm', spec).ready([VERSION])
  const token = prepared.of('crm', spec).tokenOf(VERSION)?.value.expose()
  const { echoes = [], versions } = await source.load()
  expect(echoes.map((text) => text.expose())).toEqual([token])
  expect(versions).toEqual([VERSION])
  expect(changes).toBe(1)
  expect(kept.at(-1)?.map((text) => text.expose())).toEqual([token])
  stop()
  // The same source after a reload: its view goes on.
  await caches.commit()
  expect((await prepare(routes, units)).sourceOf(unit)).toBe(source)
  await caches.stop()
  expect((await source.load()).echoes).toEqual([])
})

async function raise() {
  const clock = new FakeClock()
  const random = new SeededRandom(1)
  const emulator = await startOktaEmulator({
    appId: '0oa1',
    clientId: '0oa1',
    secrets: [SECRET],
    managementToken: 'unused',
    clock,
    random,
  })
  closing.push(() => emulator.close())
  const kept: (readonly SecretValue[])[] = []
  const keepSecret = (_owner: string, secrets: readonly SecretValue[]) => kept.push(secrets)
  const connections = new Connections()
  const caches = new TokenCaches(
    { clock, random, log: new RecordingLog(), keepSecret, connections },
    { refused: () => undefined, answered: () => undefined },
  )
  closing.push(
    () => caches.stop(),
    () => connections.close(),
  )
  const spec: OAuth2Spec = {
    tokenUrl: `${emulator.url}/oauth2/v1/token`,
    clientId: '{clientId}',
    clientAuth: 'basic',
    parameters: [{ name: 'scope', value: 'things' }],
    lifetimeMs: 300_000,
  }
  const config = { id: 'crm', publicValues: { clientId: '0oa1' } }
  const unit: CredentialUnit = {
    config: config as unknown as CredentialConfig,
    source: new FakeVersionSource('crm', [VERSION]),
    rotator: null,
    secrets: null,
    dryRun: null,
    close: async () => {},
  }
  const units = new Map([['crm', unit]])
  return {
    caches,
    clock,
    spec,
    routes: [routeOf(spec)],
    unit,
    units,
    kept,
    prepare: caches.prepare.bind(caches),
    asked: () => emulator.requests().filter(({ operation }) => operation === 'token').length,
  }
}

function routeOf(oauth2: OAuth2Spec): Route {
  return {
    name: 'crm',
    pathPrefix: '/crm',
    hosts: [],
    upstream: { origin: 'https://api.crm.example', insecure: false },
    credentialIds: ['crm'],
    allow: null,
    endpoints: [{ paths: ['/**'], inject: [{ kind: 'token', oauth2 }], authFailure: [] }],
  }
}
