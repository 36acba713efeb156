import { beforeEach, expect, test } from 'vitest'
import type { RemoteSource } from '../../../src/kernel/secret-source.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { type Fetched, SourceFault } from '../../../src/sources/secret-fetcher.ts'
import { type PolledSource, SourcePoller } from '../../../src/sources/source-poller.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'
import { SeededRandom } from '../../fakes/random.ts'

const HOUR_MS = 3_600_000
const DOWN = new SourceFault('unavailable', 'can not be reached (ECONNREFUSED)')

let clock: FakeClock
let log: RecordingLog
/** What each server's fetchers find now, by the name of the source. */
let found: Record<string, Fetched>
let fetches: string[]
let fresh: Map<string, number>
let outcomes: string[]

beforeEach(() => {
  clock = new FakeClock()
  log = new RecordingLog()
  found = { current: new SecretValue('value-2'), previous: new SecretValue('value-1') }
  fetches = []
  fresh = new Map()
  outcomes = []
})

const source: RemoteSource = {
  kind: 'aws-secrets-manager',
  secretId: 'partner',
  region: 'eu-central-1',
  key: null,
  endpoint: null,
  credentials: null,
  version: 'current',
  refreshMs: 60_000,
}

function poller(
  names = ['current', 'previous'],
  server: (name: string) => string = () => 'https://one.example',
) {
  const sources = names.map((name): PolledSource => {
    return { name, source, optional: name === 'previous' }
  })
  return new SourcePoller({
    credentialId: 'partner',
    sources,
    clock,
    log,
    random: new SeededRandom(7),
    env: {},
    readLocal: async () => ({ message: 'not asked' }),
    keepSecret: () => {},
    telemetry: {
      read: (_, name, outcome) => outcomes.push(`${name} ${outcome}`),
      fresh: (_, name, atMs) => fresh.set(name, atMs),
    },
    open: () => ({
      fetchers: names.map((name) => ({
        server: server(name),
        fetch: async () => {
          fetches.push(name)
          return found[name] ?? new SourceFault('absent', 'nothing')
        },
      })),
      close: async () => {},
    }),
  })
}

const text = (one: Fetched) => (one instanceof SecretValue ? one.expose() : one.message)

test('a server that is down for 72 hours costs no value, and is asked at most once a minute', async () => {
  const secrets = poller(['current'])
  const readAtMs = clock.now()
  expect(text(await secrets.read('current'))).toBe('value-2')
  found['current'] = DOWN
  await clock.advance(10 * 60_000)
  fetches = []
  for (let hour = 0; hour < 72; hour++) {
    await clock.advance(HOUR_MS)
    expect(text(await secrets.read('current'))).toBe('value-2')
  }
  expect(fetches.length).toBeLessThanOrEqual(72 * 60)
  expect(fetches.length).toBeGreaterThan(72 * 60 * 0.9)
  // The age is that of the last success, and it has been said once what is wrong.
  expect(fresh.get('current')).toBeLessThanOrEqual(readAtMs + 60_000)
  expect(log.events.filter(({ level }) => level === 'warn')).toHaveLength(1)

  found['current'] = new SecretValue('value-3')
  await clock.advance(67_000)
  expect(text(await secrets.read('current'))).toBe('value-3')
  expect(fresh.get('current')).toBeGreaterThan(readAtMs + 72 * HOUR_MS)
  expect(log.events.at(-1)).toMatchObject({ level: 'info', event: 'secret source answers' })
  await secrets.stop()
})

test('a failed look is repeated soon, then ever later', async () => {
  found = { current: DOWN }
  const secrets = poller(['current'])
  await secrets.read('current')
  const atMs: number[] = []
  const startMs = clock.now()
  for (let second = 0; second < 300; second++) {
    const before = fetches.length
    await clock.advance(1_000)
    if (fetches.length > before) atMs.push(clock.now() - startMs)
  }
  const gaps = atMs.map((at, index) => at - (atMs[index - 1] ?? 0))
  expect(gaps.slice(0, 6).every((gap, index) => gap >= 1_000 * 2 ** index)).toBe(true)
  expect(gaps.slice(6).every((gap) => gap >= 60_000)).toBe(true)
  await secrets.stop()
})

test('a server that asks for time gets it', async () => {
  found = { current: new SourceFault('throttled', 'too many', 600_000) }
  const secrets = poller(['current'])
  await secrets.read('current')
  await clock.advance(599_000)
  expect(fetches).toHaveLength(1)
  await clock.advance(62_000)
  expect(fetches).toHaveLength(2)
  await secrets.stop()
})

test('both secrets of a credential change together, in one notice', async () => {
  const secrets = poller()
  expect([text(await secrets.read('current')), text(await secrets.read('previous'))]).toEqual([
    'value-2',
    'value-1',
  ])
  let notices = 0
  secrets.watch(() => notices++)
  found = { current: new SecretValue('value-3'), previous: new SecretValue('value-2') }
  await clock.advance(67_000)
  expect(notices).toBe(1)
  expect(text(await secrets.read('previous'))).toBe('value-2')
  await clock.advance(67_000)
  expect(notices).toBe(1)
  await secrets.stop()
})

test('a server that does not answer for one secret is not asked for the other', async () => {
  found = { current: DOWN, previous: DOWN }
  const secrets = poller()
  await secrets.read('current')
  expect(fetches).toEqual(['current'])
  expect(outcomes).toEqual(['current unavailable', 'previous unavailable'])
  await secrets.stop()
})

test('another server is', async () => {
  found = { ...found, current: DOWN }
  const secrets = poller(undefined, (name) => `https://${name}.example`)
  expect(text(await secrets.read('previous'))).toBe('value-1')
  await secrets.stop()
})

test('a second secret that is not there is as fresh as one that is', async () => {
  found = { current: new SecretValue('value-1') }
  const secrets = poller()
  await secrets.read('current')
  expect([...fresh.keys()]).toEqual(['current', 'previous'])
  await clock.advance(3 * 67_000)
  // It is no trouble: it is looked at as usual.
  expect(fetches.length).toBeGreaterThanOrEqual(6)
  await secrets.stop()
})

test('a first secret that is not there is not fresh', async () => {
  found = {}
  const secrets = poller(['current'])
  await secrets.read('current')
  expect(fresh.size).toBe(0)
  await secrets.stop()
})

test('a fetcher with a defect ends neither the looks nor the process', async () => {
  const secrets = poller(['current'])
  Object.defineProperty(found, 'current', {
    get: () => {
      throw new TypeError('the value is S3cr3tCanary')
    },
  })
  expect(text(await secrets.read('current'))).toBe('an unexpected TypeError')
  await clock.advance(2_000)
  expect(fetches.length).toBeGreaterThan(1)
  await secrets.stop()
})

test('nothing is asked before somebody reads, and nothing after the end', async () => {
  const secrets = poller(['current'])
  await clock.advance(HOUR_MS)
  expect(fetches).toEqual([])
  await secrets.read('current')
  await secrets.stop()
  await clock.advance(HOUR_MS)
  expect(fetches).toHaveLength(1)
  // What was read is still known: a request in flight may ask for it.
  expect(text(await secrets.read('current'))).toBe('value-2')
  expect(clock.pending).toBe(0)
})
