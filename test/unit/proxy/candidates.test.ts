import { expect, test } from 'vitest'
import {
  type ChoiceInput,
  chooseCandidates,
  type Standing,
} from '../../../src/proxy/choose-candidates.ts'
import type { Candidate } from '../../../src/proxy/credential-snapshot.ts'
import { decideReplay } from '../../../src/proxy/decide-replay.ts'
import { ReplayBudget } from '../../../src/proxy/replay-budget.ts'
import type { LiveVersion } from '../../../src/kernel/credential.ts'
import { VersionCandidate } from '../../../src/proxy/version-candidate.ts'
import { VersionHealth, type VersionHealthDeps } from '../../../src/proxy/version-health.ts'
import { VersionUses } from '../../../src/proxy/version-uses.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { liveVersion } from '../../fakes/version-source.ts'

const candidate = (generation: number): Candidate => {
  const version = liveVersion(generation, `s${generation}`)
  return new VersionCandidate(version, {}, new VersionUses().placeOf(version))
}
const two = [candidate(2), candidate(1)]

const healthOf = (deps: Partial<VersionHealthDeps>): VersionHealth =>
  new VersionHealth({
    clock: new FakeClock(),
    probe: undefined,
    cooled: () => {},
    changed: () => {},
    ...deps,
  })

const PROVEN: Standing = { proven: true, coolUntilMs: null, probed: false }
const NEW: Standing = { ...PROVEN, proven: false }
const cool = (coolUntilMs: number, probed = false): Standing => ({ ...NEW, coolUntilMs, probed })

function choose(g2: Standing, g1: Standing, more: Partial<ChoiceInput> = {}): string {
  const choice = chooseCandidates({
    candidates: two,
    standingOf: (id) => (id === 'g2' ? g2 : g1),
    trialRunning: false,
    restUntilMs: 0,
    replayable: true,
    nowMs: 1_000,
    ...more,
  })
  if (choice.kind !== 'try') return choice.kind
  const order = choice.candidates.map(({ version }) => version.versionId).join(' ')
  return choice.trial ? `${order} trial` : order
}

test.each([
  ['both work', PROVEN, PROVEN, {}, 'g2 g1'],
  ['the first is not known', NEW, PROVEN, {}, 'g2 g1 trial'],
  ['somebody is finding out', NEW, PROVEN, { trialRunning: true }, 'wait'],
  ['the first cools down', cool(2_000), PROVEN, {}, 'g1 g2'],
  ['its cooldown is over', cool(900), PROVEN, {}, 'g2 g1 trial'],
  ['its cooldown is over, no replay possible', cool(900), PROVEN, { replayable: false }, 'g1 g2'],
  ['its cooldown is over, another tries it', cool(900), PROVEN, { trialRunning: true }, 'g1 g2'],
  ['its cooldown is over, the provider is asked', cool(900, true), PROVEN, {}, 'g1 g2'],
  ['both cool down', cool(2_000), cool(3_000), {}, 'unavailable'],
  ['one of two is due', cool(900), cool(3_000), {}, 'g2 trial'],
  ['both are due', cool(900), cool(900), {}, 'g2 g1 trial'],
  ['both are due, after a rest', cool(900), cool(900), { restUntilMs: 1_001 }, 'unavailable'],
  ['both are due, another tries them', cool(900), cool(900), { trialRunning: true }, 'unavailable'],
] as const)('%s: %j %j %j → %s', (_name, g2, g1, more, expected) => {
  expect(choose(g2, g1, more)).toBe(expected)
})

test('a trial that takes too long lets the others go', async () => {
  const clock = new FakeClock()
  const health = healthOf({ clock })
  health.beginTrial()
  const waiting = health.choose(two, true)
  await clock.advance(1_000)
  expect((await waiting).kind).toBe('try')
})

test('what was refused is not tried first again, however often all was well before', () => {
  const health = healthOf({})
  const orderNow = () => {
    const choice = health.peek(two, true)
    return choice.kind === 'try' ? choice.candidates.map(({ version }) => version.generation) : []
  }
  const [current, previous] = two
  health.accepted(current!.version)
  health.accepted(previous!.version)
  expect([orderNow(), orderNow()]).toEqual([
    [2, 1],
    [2, 1],
  ])
  health.refused(current!.version, true)
  expect(orderNow()).toEqual([1, 2])
  health.accepted(current!.version)
  expect(orderNow()).toEqual([2, 1])
  health.retain([current!.version], [])
  expect(health.peek(two, true)).toMatchObject({ trial: true })
})

test('who has waited too long for a trial starts with what nothing speaks against', async () => {
  const clock = new FakeClock()
  const health = healthOf({ clock })
  health.refused(two[0]!.version, true)
  health.beginTrial()
  const waiting = health.choose(two, true)
  await clock.advance(1_000)
  expect(await waiting).toMatchObject({ kind: 'try', candidates: [two[1], two[0]], trial: false })
})

test('cooldowns double up to five minutes, and an acceptance ends them', async () => {
  const clock = new FakeClock()
  const health = healthOf({ clock })
  const [first] = two
  const lengths = []
  for (let i = 0; i < 7; i++) {
    health.refused(first!.version, true)
    const choice = health.peek([first!], true)
    if (choice.kind !== 'unavailable') throw new Error('not cooling')
    lengths.push(choice.retryAfterMs / 1_000)
    await clock.advance(choice.retryAfterMs)
  }
  expect(lengths).toEqual([10, 20, 40, 80, 160, 300, 300])
  health.accepted(first!.version)
  expect(health.peek([first!], true)).toMatchObject({ kind: 'try', trial: false })
})

test('a doubtful refusal is asked about at once, and what the provider accepts serves again', async () => {
  const clock = new FakeClock()
  const health = healthOf({
    clock,
    probe: () => Promise.resolve('accepted'),
  })
  const [only] = [candidate(2)]
  expect(health.refused(only.version, true, true)).toBe(true)
  expect(health.peek([only], true).kind).toBe('unavailable')
  await clock.advance(0)
  expect(health.peek([only], true)).toMatchObject({ kind: 'try', trial: false })
})

test('a refusal that another version has healed is asked about when the cooldown ends', async () => {
  const clock = new FakeClock()
  let asked = 0
  const probe = () => Promise.resolve(asked++ === 0 ? ('refused' as const) : ('accepted' as const))
  const health = healthOf({ clock, probe })
  health.refused(candidate(2).version, true)
  await clock.advance(1)
  expect(asked).toBe(0)
})

test('what the provider refuses as well is told each time: it may have been asked too early before', async () => {
  const clock = new FakeClock()
  const told: number[] = []
  const probe = () => Promise.resolve('refused' as const)
  const cooled = ({ generation }: LiveVersion) => void told.push(generation)
  const health = healthOf({ clock, probe, cooled })
  health.refused(two[0]!.version, true)
  expect(told).toEqual([2])
  await clock.advance(10_000)
  expect(told).toEqual([2, 2])
})

test('an inconclusive probe is asked again, a refused one waits longer', async () => {
  const clock = new FakeClock()
  const answers = ['inconclusive', 'refused', 'accepted'] as const
  let asked = 0
  const probe = () => Promise.resolve(answers[asked++] ?? 'accepted')
  const health = healthOf({ clock, probe })
  health.refused(two[0]!.version, true)
  await clock.advance(10_000)
  await clock.advance(10_000)
  expect(asked).toBe(2)
  await clock.advance(20_000)
  expect(health.peek(two, true)).toMatchObject({ kind: 'try', candidates: two, trial: false })
})

test('refusals in a row cool a version that worked, single ones do not', () => {
  const health = healthOf({})
  const { version } = two[0]!
  health.accepted(version)
  for (let i = 0; i < 4; i++) expect(health.refused(version, false)).toBe(false)
  expect(health.refused(version, false)).toBe(true)
})

test('a version is offered again when its stage changes, and only then', () => {
  const health = healthOf({})
  const { version } = two[0]!
  health.refused(version, true)
  health.retain([version], [version])
  expect(health.peek([two[0]!], true).kind).toBe('unavailable')
  health.retain([version], [{ ...version, stage: 'previous' }])
  expect(health.peek([two[0]!], true).kind).toBe('try')
})

const bytes = { kind: 'held', bytes: Buffer.alloc(0) } as const
test.each([
  ['mixed', bytes, true, true, 'mixed-results'],
  ['refused', bytes, false, true, 'no-other-version'],
  ['refused', bytes, true, false, 'budget-spent'],
  ['refused', bytes, true, true, 'replayed'],
  ['refused', { kind: 'none' }, true, true, 'replayed'],
] as const)('%s, %j, next %s, budget %s: %s', (verdict, body, hasNext, budgetAllows, word) => {
  expect(decideReplay({ verdict, body, hasNext, budgetAllows })).toBe(word)
})

test('replays in vain are bounded, and the requests and the time pay for more', () => {
  const budget = new ReplayBudget(0)
  let spent = 0
  for (; budget.allows(0); spent++) budget.spend()
  expect(spent).toBe(10)
  for (let i = 0; i < 10; i++) budget.earn()
  expect(budget.allows(0)).toBe(true)
  budget.spend()
  expect(budget.allows(0)).toBe(false)
  expect(budget.allows(1_000)).toBe(true)
})
