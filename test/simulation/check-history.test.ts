import { expect, test } from 'vitest'
import { checkHistory } from './check-history.ts'
import type { Terms } from './check-history.ts'
import type { HistoryEvent, RecordedRecord, RecordedVersion } from './history.ts'
import { EPOCH_MS } from './world/sim-process.ts'

const TERMS: Terms = {
  drainMs: 10_000,
  absenceMs: 12_000,
  convergeMs: 120_000,
  toleranceMs: 1_000,
  foreign: false,
  managerStopped: false,
  stagedPromotion: null,
  blackouts: [],
  budget: null,
  revokeBootstrap: 'auto',
}
const V1: RecordedVersion = { generation: 1, value: 'v1', secretId: 's1' }
const V2: RecordedVersion = { generation: 2, value: 'v2', secretId: 's2' }
const V3: RecordedVersion = { generation: 3, value: 'v3', secretId: 's3' }
const IDLE: RecordedRecord = {
  phase: 'idle',
  blocked: null,
  lastGeneration: 1,
  emergency: false,
  current: V1,
  pending: null,
  previous: null,
  tombstones: [],
}
const STAGED: RecordedRecord = { ...IDLE, phase: 'staged', lastGeneration: 2, pending: V2 }
const RETIRING: RecordedRecord = {
  ...IDLE,
  phase: 'retiring',
  lastGeneration: 2,
  current: V2,
  previous: V1,
}

/** A request of replica a with V1, which is no longer current. */
const lateUse = (atMs: number): HistoryEvent => ({
  kind: 'late-use',
  atMs,
  instance: 'a',
  generation: 1,
  value: V1.value,
})
const created = (atMs: number, of: RecordedVersion, by: 'us' | 'foreign' | 'bootstrap' = 'us') =>
  ({
    kind: 'created',
    atMs,
    by,
    secretId: of.secretId ?? '',
    value: of.value,
    usableFromMs: atMs,
  }) as const
const revoked = (atMs: number, of: RecordedVersion, by: 'us' | 'foreign' = 'us') =>
  ({ kind: 'revoked', atMs, by, secretId: of.secretId ?? '', auth: 'v2' }) as const
const record = (atMs: number, version: number, of: RecordedRecord, expected = version - 1) =>
  ({
    kind: 'record',
    atMs,
    instance: 'a',
    expected: expected === 0 ? null : expected,
    replaced: version === 1 ? null : version - 1,
    version,
    record: of,
  }) as const
const member = (atMs: number, ackGeneration: number, lastUse: Record<number, number> = {}) =>
  ({
    kind: 'member',
    atMs,
    instance: 'a',
    ackGeneration,
    held: [ackGeneration],
    saidAtMs: atMs,
    lastUse,
  }) as const
const request = (atMs: number, of: RecordedVersion, accepted: boolean) =>
  ({
    kind: 'request',
    atMs,
    endMs: atMs + 50,
    instance: 'a',
    attempts: [{ generation: of.generation, value: of.value, accepted }],
  }) as const
const revoke = (atMs: number, of: RecordedVersion, auth: RecordedVersion) =>
  ({
    kind: 'call',
    atMs,
    instance: 'a',
    call: 1,
    operation: 'revoke',
    auth: auth.value,
    value: null,
    secretId: of.secretId,
    fate: 'deliver',
  }) as const
const START = [created(0, V1, 'bootstrap'), record(1, 1, IDLE)] as const

const broken = (events: readonly HistoryEvent[], terms = TERMS): readonly string[] => [
  ...new Set(
    checkHistory({ events: [...START, ...events], requestsAccepted: 0 }, terms).map(
      ({ invariant }) => invariant,
    ),
  ),
]

test('a rotation in the right order breaks nothing', () => {
  const events: HistoryEvent[] = [
    record(10, 2, { ...STAGED, phase: 'prepared' }),
    created(20, V2),
    record(30, 3, STAGED),
    member(40, 1),
    record(50, 4, { ...RETIRING, phase: 'promoted' }),
    member(60, 2),
    record(20_000, 5, RETIRING),
    revoke(20_010, V1, V2),
    revoked(20_020, V1),
    {
      kind: 'answer',
      atMs: 20_030,
      instance: 'a',
      call: 1,
      operation: 'revoke',
      answer: 'revoked',
      secretIds: ['s1'],
    },
    record(20_040, 6, { ...RETIRING, phase: 'idle', previous: null }),
    { kind: 'faults-ended', atMs: 20_050 },
    { kind: 'converged', atMs: 20_060 },
  ]
  expect(broken(events)).toEqual([])
})

test('I1 sees a secret that is live and in no record', () => {
  expect(broken([created(10, V2)])).toEqual(['I1 no lost secret'])
})

test('I1 sees a record that forgets a live secret', () => {
  const events = [record(10, 2, STAGED), created(20, V2), record(30, 3, IDLE)]
  expect(broken(events)).toContain('I1 no lost secret')
})

test('I2 sees a request that fails while a verified secret is live', () => {
  const events = [record(10, 2, STAGED), created(5, V2), request(100, V1, false)]
  expect(broken(events)).toContain('I2 availability')
})

test('I2 excuses a request whose version somebody else ended', () => {
  const events = [
    record(10, 2, STAGED),
    created(15, V2),
    revoked(20, V1, 'foreign'),
    request(100, V1, false),
  ]
  expect(broken(events, { ...TERMS, foreign: true })).toEqual([])
})

test('I3 sees a third secret and the end of the last', () => {
  expect(broken([created(5, V2, 'foreign'), created(6, V3, 'foreign')])).toEqual(['I3 slots'])
  expect(broken([revoked(5, V1)])).toEqual(['I3 slots'])
})

test('I4 sees a generation that changes its value', () => {
  const other = { ...STAGED, pending: { ...V2, value: 'other' } }
  expect(broken([record(10, 2, STAGED), record(20, 3, other)])).toContain('I4 single intent')
})

test('I4 sees a pending version that is dropped without a tombstone', () => {
  const events = [record(10, 2, STAGED), record(13_000, 3, { ...IDLE, lastGeneration: 2 })]
  expect(broken(events)).toContain('I4 single intent')
})

test('I5 sees the delete of a secret that somebody else made', () => {
  expect(broken([created(5, V3, 'foreign'), revoked(6, V3)])).toEqual(['I5 no foreign delete'])
})

test('I6 sees a delete before every member has acknowledged', () => {
  const events = [member(5, 1), record(10, 2, RETIRING), revoke(20_000, V1, V2)]
  expect(broken(events)).toEqual(['I6 revoke after consent'])
})

test('I6 sees a delete of a version that was used within the drain time', () => {
  const used = [member(11, 2, { 1: 15_000 }), revoke(20_000, V1, V2)]
  expect(broken([record(10, 2, RETIRING), ...used])).toEqual(['I6 revoke after consent'])
})

test('I6 sees a delete of a version that a replica used before it left', () => {
  const left: HistoryEvent = {
    kind: 'member-gone',
    atMs: 15_010,
    instance: 'a',
    how: 'proven-dead',
  }
  const until = (atMs: number) => [
    record(10, 2, RETIRING),
    member(11, 2),
    lateUse(15_000),
    left,
    revoke(atMs, V1, V2),
  ]
  expect(broken(until(15_000 + TERMS.drainMs - TERMS.toleranceMs - 1))).toEqual([
    'I6 revoke after consent',
  ])
  expect(broken(until(15_000 + TERMS.drainMs))).toEqual([])
})

test('I6 asks nobody to know of a use that began when somebody else ended the new version', () => {
  const story = (...then: HistoryEvent[]) =>
    broken([
      created(1, V1, 'bootstrap'),
      record(10, 2, RETIRING),
      created(10, V2),
      member(11, 2),
      revoked(30_000, V2, 'foreign'),
      ...then,
    ])
  expect(story(lateUse(30_010), revoke(30_100, V1, V2))).toEqual([])
  expect(story(lateUse(30_010), lateUse(32_000), revoke(32_100, V1, V2))).toEqual([
    'I6 revoke after consent',
  ])
})

test('I6 sees a member that reads before it is registered', () => {
  expect(broken([{ kind: 'record-read', atMs: 5, instance: 'b' }])).toEqual([
    'I6 revoke after consent',
  ])
})

test('I7 sees a write that did not expect what it replaced', () => {
  expect(broken([record(10, 2, STAGED), record(20, 3, STAGED, 1)])).toEqual(['I7 monotone'])
})

test('I7 sees a generation that falls', () => {
  const back = { ...STAGED, lastGeneration: 1 }
  expect(broken([record(10, 2, STAGED), record(20, 3, back)])).toEqual(['I7 monotone'])
})

test('I8 sees a delete that is authenticated by what it deletes', () => {
  expect(broken([record(10, 2, RETIRING), revoke(20_000, V1, V1)])).toEqual([
    'I8 survivor authenticates',
  ])
})

test('I9 sees a run that does not come to rest in time', () => {
  const ended = { kind: 'faults-ended', atMs: 10 } as const
  expect(broken([ended])).toEqual(['I9 progress'])
  expect(broken([ended, { kind: 'converged', atMs: 130_000 }])).toEqual(['I9 progress'])
})

test('I9 lets a run stop and say why when somebody else meddled', () => {
  const blocked = record(20, 2, { ...IDLE, blocked: 'slot-full-foreign' })
  const ended = { kind: 'faults-ended', atMs: 30 } as const
  expect(broken([blocked, ended], { ...TERMS, foreign: true })).toEqual([])
  expect(broken([blocked, ended])).toEqual(['I9 progress'])
})

test('I9 lets a secondary wait where somebody else meddled and its primary has stopped', () => {
  const retiring = record(20, 2, { ...STAGED, phase: 'retiring' })
  const ended = { kind: 'faults-ended', atMs: 30 } as const
  expect(broken([retiring, ended], { ...TERMS, foreign: true, managerStopped: true })).toEqual([])
  expect(broken([retiring, ended], { ...TERMS, foreign: true })).toContain('I9 progress')
  expect(broken([retiring, ended], { ...TERMS, managerStopped: true })).toContain('I9 progress')
})

test('I10 sees a value that is forgotten on the word of one list', () => {
  const listed = (atMs: number): HistoryEvent => ({
    kind: 'answer',
    atMs,
    instance: 'a',
    call: 1,
    operation: 'list',
    answer: 'listed',
    secretIds: ['s2'],
  })
  const gone = (atMs: number): HistoryEvent =>
    record(atMs, 3, { ...RETIRING, phase: 'idle', previous: null })
  expect(broken([record(10, 2, RETIRING), listed(20), gone(30)])).toEqual([
    'I10 absence must persist',
  ])
  expect(broken([record(10, 2, RETIRING), listed(20), listed(9_000), gone(13_000)])).toEqual([])
})

const STAGED_TERMS: Terms = {
  ...TERMS,
  stagedPromotion: { share: 0.1, forMs: 10_000, refusalsMaxRatio: 0.01 },
}
const ROLLING: RecordedRecord = { ...STAGED, rollsOut: true }
const PROMOTED: RecordedRecord = {
  ...IDLE,
  phase: 'promoted',
  lastGeneration: 2,
  current: V2,
  previous: V1,
  promotedAtMs: 60_000,
}
const watching = (atMs: number, forMs: number, refusals: number) =>
  ({ ...member(atMs, 1), rollout: { generation: 2, forMs, requests: 50, refusals } }) as const
const rolled = (forMs: number, refusals: number): HistoryEvent[] => [
  record(1_000, 1, STAGED),
  record(2_000, 2, ROLLING),
  watching(50_000, forMs, refusals),
  record(60_000, 3, PROMOTED),
]

test.each([
  ['watched to its end', rolled(10_000, 0), 0],
  ['not watched to its end', rolled(9_000, 0), 1],
  ['refused too often', rolled(10_000, 3), 1],
  ['without the option', [record(1_000, 1, STAGED), record(60_000, 2, PROMOTED)], 0],
] as const)('a staged promotion that was %s', (name, events, count) => {
  const terms = name === 'without the option' ? TERMS : STAGED_TERMS
  const found = checkHistory({ events, requestsAccepted: 0 }, terms)
  expect(found.filter(({ invariant }) => invariant === 'staged promotion')).toHaveLength(count)
})

test('a promotion during a blackout is seen, an emergency is none', () => {
  const blackouts = [{ fromMs: EPOCH_MS + 30_000, untilMs: EPOCH_MS + 90_000 }]
  const found = (emergency: boolean) =>
    checkHistory(
      {
        events: [
          record(1_000, 1, { ...STAGED, emergency }),
          record(60_000, 2, { ...PROMOTED, emergency }),
        ],
        requestsAccepted: 0,
      },
      { ...TERMS, blackouts },
    ).filter(({ invariant }) => invariant === 'blackout')
  expect(found(false)).toHaveLength(1)
  expect(found(true)).toHaveLength(0)
})

test('a revoke during a blackout is seen, an emergency is none', () => {
  const blackouts = [{ fromMs: EPOCH_MS + 30_000, untilMs: EPOCH_MS + 90_000 }]
  const found = (emergency: boolean, atMs: number) =>
    checkHistory(
      {
        events: [record(1_000, 1, { ...RETIRING, emergency }), revoke(atMs, V1, V2)],
        requestsAccepted: 0,
      },
      { ...TERMS, blackouts },
    ).filter(({ invariant }) => invariant === 'blackout')
  expect(found(false, 60_000)).toHaveLength(1)
  expect(found(false, 95_000)).toHaveLength(0)
  expect(found(true, 60_000)).toHaveLength(0)
})

test('the bootstrap secret revoked without consent is seen, where it has to be confirmed', () => {
  const found = (revokeBootstrap: 'auto' | 'confirm', consented: boolean, gone = false) =>
    checkHistory(
      {
        events: [
          created(0, V1, 'bootstrap'),
          ...(gone ? [revoked(500, V1, 'foreign')] : []),
          record(1_000, 1, { ...RETIRING, consented }),
          revoke(60_000, V1, V2),
        ],
        requestsAccepted: 0,
      },
      { ...TERMS, revokeBootstrap },
    ).filter(({ invariant }) => invariant === 'consent')
  expect(found('confirm', false)).toHaveLength(1)
  expect(found('confirm', true)).toHaveLength(0)
  expect(found('auto', false)).toHaveLength(0)
  expect(found('confirm', false, true)).toHaveLength(0)
})

test('a rotation, or an hour, with too many management calls is seen', () => {
  const found = (perRotationMax: number, perHourMax: number) =>
    checkHistory(
      {
        events: [
          record(1_000, 1, STAGED),
          record(2_000, 2, { ...PROMOTED, lastGeneration: 2 }),
          ...[3_000, 4_000, 5_000].map((atMs) => revoke(atMs, V1, V2)),
          record(6_000, 3, { ...STAGED, current: V2, pending: V3, lastGeneration: 3 }),
        ],
        requestsAccepted: 0,
      },
      { ...TERMS, budget: { restingPhase: 'staged', perRotationMax, perHourMax } },
    ).filter(({ invariant }) => invariant === 'budget')
  expect(found(3, 3)).toHaveLength(0)
  expect(found(2, 3)).toHaveLength(1)
  expect(found(3, 2)).toHaveLength(1)
})
