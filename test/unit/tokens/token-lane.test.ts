import { expect, test } from 'vitest'
import type { LiveVersion } from '../../../src/kernel/credential.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import type { TokenAnswer } from '../../../src/tokens/request-token.ts'
import { TokenLane } from '../../../src/tokens/token-lane.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { RecordingLog } from '../../fakes/log.ts'
import { SeededRandom } from '../../fakes/random.ts'

const HOUR_MS = 3_600_000
const VERSION: LiveVersion = {
  versionId: 'g1',
  generation: 1,
  stage: 'current',
  value: new SecretValue('a client secret'),
  fingerprint: 'f1',
}

test('a token is asked for once, however many wait', async () => {
  const world = laneWorld()
  world.answers.push(issued('t1'))
  const waiting = [world.lane.obtain(), world.lane.obtain(), world.lane.obtain()]
  await world.release()
  expect(await Promise.all(waiting)).toEqual([true, true, true])
  expect(world.count.asked).toBe(1)
  expect(world.text()).toBe('t1')
})

test('it is replaced in the background between 60 % and 80 % of its lifetime', async () => {
  const world = laneWorld()
  world.answers.push(issued('t1'), issued('t2'))
  await world.obtain()
  await world.advance(0.59 * HOUR_MS)
  expect(world.text()).toBe('t1')
  await world.advance(0.22 * HOUR_MS)
  expect(world.text()).toBe('t2')
})

test('two replicas do not renew in step', async () => {
  const due = async (seed: number) => {
    const world = laneWorld(seed)
    world.answers.push(issued('t1'), issued('t2'))
    await world.obtain()
    while (world.count.asked < 2) await world.advance(1_000)
    return world.clock.now()
  }
  expect(await due(1)).not.toBe(await due(2))
})

test('an endpoint that is dead costs nothing while the token is good', async () => {
  const world = laneWorld()
  world.answers.push(issued('t1'), ...Array<TokenAnswer>(100).fill({ kind: 'unavailable' }))
  await world.obtain()
  await world.advance(0.99 * HOUR_MS)
  expect(world.text()).toBe('t1')
  expect(world.count.asked).toBeGreaterThan(5)
  // At most once a minute, after the first few.
  expect(world.count.asked).toBeLessThan(40)
  await world.advance(0.01 * HOUR_MS)
  expect(world.text()).toBeNull()
})

test('a token is not used in its last seconds', async () => {
  const world = laneWorld()
  world.answers.push(issued('t1'), ...Array<TokenAnswer>(100).fill({ kind: 'unavailable' }))
  await world.obtain()
  await world.advance(HOUR_MS - 5_001)
  expect(world.text()).toBe('t1')
  await world.advance(2)
  expect(world.text()).toBeNull()
})

test('Retry-After is honoured, by requests too', async () => {
  const world = laneWorld()
  world.answers.push({ kind: 'throttled', retryAfterMs: 90_000 }, issued('t1'))
  expect(await world.obtain()).toBe(false)
  expect(world.lane.pauseMs).toBe(90_000)
  await world.advance(89_999)
  expect(await world.lane.obtain()).toBe(false)
  expect(world.count.asked).toBe(1)
  await world.advance(1)
  expect(world.text()).toBe('t1')
})

test('a refused secret is told of, and asked with rarely', async () => {
  const world = laneWorld()
  world.answers.push(...Array<TokenAnswer>(100).fill({ kind: 'refused' }))
  await world.obtain()
  expect(world.refused).toEqual(['g1'])
  await world.advance(HOUR_MS)
  expect(world.count.asked).toBeLessThan(25)
})

test('a token that an upstream refused is replaced once, for whoever carries it', async () => {
  const world = laneWorld()
  world.answers.push(issued('t1'), issued('t2'))
  await world.obtain()
  const t1 = world.lane.token
  if (t1 === null) throw new Error('no token')
  const renewals = [world.lane.renew(t1), world.lane.renew(t1)]
  await world.release()
  expect(await Promise.all(renewals)).toEqual([true, true])
  // One that comes late finds the new one.
  expect(await world.lane.renew(t1)).toBe(true)
  expect(world.count.asked).toBe(2)
  expect(world.text()).toBe('t2')
  expect(world.lane.all.map(({ value }) => value.expose())).toEqual(['t2', 't1'])
})

test('refusals that a new token does not cure ask for fewer and fewer', async () => {
  const world = laneWorld()
  let next = 0
  world.script.answer = () => issued(`t${next++}`)
  await world.obtain()
  for (let second = 0; second < 600; second++) {
    const token = world.lane.token
    if (token !== null) void world.lane.renew(token)
    await world.advance(1_000)
  }
  expect(world.count.asked).toBeGreaterThan(3)
  expect(world.count.asked).toBeLessThan(8)
})

test('an endpoint that hands out the same token again has not renewed it', async () => {
  const world = laneWorld()
  world.answers.push(issued('t1'), issued('t1'))
  await world.obtain()
  const t1 = world.lane.token
  if (t1 === null) throw new Error('no token')
  const renewal = world.lane.renew(t1)
  await world.release()
  expect(await renewal).toBe(false)
  expect(world.text()).toBe('t1')
})

test('an endpoint whose tokens live for a moment is not asked without end', async () => {
  const world = laneWorld()
  world.script.answer = () => issued('t1', 100)
  await world.obtain()
  await world.advance(60_000)
  expect(world.count.asked).toBeLessThan(15)
})

test('nothing is asked after the end, and what arrives then is dropped', async () => {
  const world = laneWorld()
  world.answers.push(issued('t1'))
  const waiting = world.lane.obtain()
  world.lane.stop()
  await world.release()
  expect(await waiting).toBe(false)
  expect(world.clock.pending).toBe(0)
})

function issued(text: string, lifetimeMs = HOUR_MS): TokenAnswer {
  return { kind: 'issued', value: new SecretValue(text), lifetimeMs }
}

function laneWorld(seed = 1) {
  const clock = new FakeClock()
  const answers: TokenAnswer[] = []
  const refused: string[] = []
  const held: (() => void)[] = []
  const count = { asked: 0 }
  const script = { answer: (): TokenAnswer => answers.shift() ?? { kind: 'unavailable' } }
  const lane = new TokenLane(VERSION, {
    clock,
    random: new SeededRandom(seed),
    log: new RecordingLog(),
    credentialId: 'partner',
    request: async () => {
      count.asked++
      await new Promise<void>((resolve) => held.push(resolve))
      return script.answer()
    },
    refused: (version) => refused.push(version.versionId),
    changed: () => {},
  })
  /** Lets every call that waits have its answer. */
  const release = async () => {
    for (const go of held.splice(0)) go()
    await clock.advance(0)
  }
  return {
    clock,
    answers,
    refused,
    count,
    script,
    lane,
    release,
    text: () => lane.token?.value.expose() ?? null,
    obtain: async () => {
      const obtained = lane.obtain()
      await release()
      return obtained
    },
    /** Second by second, each call answered. */
    advance: async (ms: number) => {
      for (let left = ms; left > 0; left -= 1_000) {
        await clock.advance(Math.min(left, 1_000))
        await release()
      }
    },
  }
}
