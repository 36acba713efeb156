import { afterEach, expect, test } from 'vitest'
import { startOktaEmulator } from '../../../src/emulator/okta/start-okta-emulator.ts'
import type { OAuth2Spec } from '../../../src/kernel/ports/token-source.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { Connections } from '../../../src/calls/connections.ts'
import { TokenCache } from '../../../src/tokens/token-cache.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'
import { SeededRandom } from '../../fakes/random.ts'
import { FakeVersionSource, liveVersion } from '../../fakes/version-source.ts'

const FIRST = 'Planted1FirstClientSecret'
const SECOND = 'Planted2OtherClientSecret'
const HOUR_MS = 3_600_000

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

test('each live version has a token that opens the resource', async () => {
  const { cache, open, current, previous } = await raise()
  expect(await cache.ready([current, previous])).toBeNull()
  await cache.ready([previous])
  expect(await open(cache.tokenOf(current)?.value)).toBe(200)
  expect(await open(cache.tokenOf(previous)?.value)).toBe(200)
  expect(
    cache.tokenOf(current)?.value.equals(cache.tokenOf(previous)?.value ?? new SecretValue('')),
  ).toBe(false)
})

test('a secret that the endpoint refuses is told of; the other one serves', async () => {
  const { cache, refused, current, previous, open } = await raise([
    'Planted9WrongClientSecret',
    FIRST,
  ])
  expect(await cache.ready([current, previous])).toBeNull()
  await expect.poll(() => refused).toEqual(['g2'])
  expect(cache.tokenOf(current)).toBeNull()
  expect(await open(cache.tokenOf(previous)?.value)).toBe(200)
})

test('a token that was revoked is replaced by the time that renew resolves', async () => {
  const { cache, emulator, open, current } = await raise()
  await cache.ready([current])
  const before = cache.tokenOf(current)
  if (before === null) throw new Error('no token')
  emulator.revokeTokens()
  expect(await open(before.value)).toBe(401)
  expect(await cache.renew(before)).toBe(true)
  expect(await open(cache.tokenOf(current)?.value)).toBe(200)
})

test('an endpoint that hangs keeps nobody who has a token waiting', async () => {
  const { cache, emulator, clock, current } = await raise()
  await cache.ready([current])
  emulator.fault({ operation: 'token', kind: 'hang', times: 100 })
  await clock.advance(0.9 * HOUR_MS)
  expect(await cache.ready([current])).toBeNull()
})

test('without any token a request is told when to come again', async () => {
  const { cache, emulator, current, answers } = await raise([FIRST], false)
  emulator.fault({ operation: 'token', kind: 'throttle', retryAfterSeconds: 30 })
  expect(await cache.ready([current])).toBe(30_000)
  expect(answers).toEqual(['throttled'])
})

test('a version that is gone takes its token along, and a new one is fetched ahead of requests', async () => {
  const { cache, source, current, open, kept } = await raise([FIRST])
  await cache.ready([current])
  const next = liveVersion(4, SECOND)
  source.set([next, { ...current, stage: 'previous' }])
  await expect.poll(() => cache.tokenOf(next)).not.toBeNull()
  source.set([next])
  await expect.poll(() => cache.tokenOf(current)).toBeNull()
  expect(await open(cache.tokenOf(next)?.value)).toBe(200)
  await expect.poll(() => kept.at(-1)?.length).toBe(1)
})

async function raise(values: readonly string[] = [FIRST, SECOND], wait = true) {
  const clock = new FakeClock()
  const random = new SeededRandom(1)
  const emulator = await startOktaEmulator({
    appId: '0oa1',
    clientId: '0oa1',
    secrets: [FIRST, SECOND],
    managementToken: 'unused',
    clock,
    random,
  })
  closing.push(() => emulator.close())
  const versions = values.map((value, index) =>
    liveVersion(2 - index, value, index === 0 ? 'current' : 'previous'),
  )
  const source = new FakeVersionSource('partner', versions)
  const refused: string[] = []
  const answers: string[] = []
  const kept: (readonly SecretValue[])[] = []
  const spec: OAuth2Spec = {
    tokenUrl: `${emulator.url}/oauth2/v1/token`,
    clientId: '{clientId}',
    clientAuth: 'basic',
    parameters: [{ name: 'scope', value: 'things' }],
    lifetimeMs: 300_000,
  }
  const connections = new Connections()
  closing.push(() => connections.close())
  const cache = new TokenCache({
    clock,
    random,
    log: new RecordingLog(),
    connections,
    source,
    spec,
    clientId: '0oa1',
    answered: (kind) => answers.push(kind),
    refused: (version) => refused.push(version.versionId),
    keep: (tokens) => kept.push(tokens),
  })
  closing.push(() => cache.stop())
  if (wait) await cache.start()
  const [current, previous] = versions
  const open = async (token: SecretValue | undefined) => {
    const headers = { authorization: `Bearer ${token?.expose()}` }
    return (await fetch(`${emulator.url}/resource/1`, { headers })).status
  }
  return {
    cache,
    source,
    emulator,
    clock,
    refused,
    answers,
    kept,
    open,
    current: current!,
    previous: previous!,
  }
}
