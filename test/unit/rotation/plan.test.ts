import { expect, test } from 'vitest'
import type { CredentialRecord } from '../../../src/kernel/credential.ts'
import type { RotationPolicy } from '../../../src/kernel/policy.ts'
import {
  type Observation,
  nothingSeen,
  sawList,
  sawProbe,
} from '../../../src/rotation/observation.ts'
import { plan } from '../../../src/rotation/plan.ts'
import { sawRoster } from '../../../src/rotation/roster.ts'
import { FAKE_TRAITS } from '../../fakes/fake-provider.ts'
import { HOUR_MS, POLICY } from './bench.ts'
import { NOW_MS, aRecord } from './records.ts'

type Verdict = 'accepted' | 'refused' | 'once-refused' | 'inconclusive'

interface Seen {
  /** Verdicts by generation; `refused` is settled, as three in a row. */
  readonly probes?: Readonly<Record<number, Verdict>>
  readonly list?: readonly string[]
  /** The list has looked like this for so long. */
  readonly listedForMs?: number
  readonly create?: NonNullable<Observation['create']>['outcome']
  readonly createdAgoMs?: number
  readonly members?: readonly { held: readonly number[]; lastUse?: Record<number, number> }[]
}

function seenAs(record: CredentialRecord, { probes = {}, ...seen }: Seen): Observation {
  const startMs = NOW_MS - HOUR_MS
  let observed = nothingSeen(startMs)
  const known = [record.current, record.pending, record.previous].flatMap((v) => v?.secretId ?? [])
  if (seen.list !== undefined) {
    const sinceMs = NOW_MS - (seen.listedForMs ?? 0)
    observed = sawList(observed, seen.list, known, sinceMs)
    observed = sawList(observed, seen.list, known, NOW_MS)
  }
  for (const [generation, verdict] of Object.entries(probes)) {
    const times = verdict === 'accepted' || verdict === 'refused' ? 3 : 1
    const answer = verdict === 'once-refused' ? 'refused' : verdict
    for (let n = 0; n < times; n++) {
      observed = sawProbe(observed, Number(generation), answer, null, NOW_MS)
    }
  }
  const members = (seen.members ?? []).map(({ held, lastUse }, index) => ({
    instance: `m${index}`,
    held,
    ackGeneration: held[0] ?? 0,
    lastUse: lastUse ?? {},
    atMs: NOW_MS,
  }))
  observed = sawRoster(observed, { members, goneUses: {} }, NOW_MS)
  const generation = record.pending?.generation ?? 0
  const atMs = NOW_MS - (seen.createdAgoMs ?? 0)
  const create = seen.create === undefined ? null : { generation, outcome: seen.create, atMs }
  return { ...observed, create }
}

function decide(record: CredentialRecord, seen: Seen, policy: Partial<RotationPolicy> = {}) {
  const rules = { policy: { ...POLICY, ...policy }, traits: FAKE_TRAITS }
  const step = plan(record, seenAs(record, seen), rules, NOW_MS)
  return `${step.kind}: ${step.reason}`
}

const OK = { probes: { 3: 'accepted', 4: 'accepted' }, list: ['c3', 'n4'] } as const
const DRAINED = { probes: { 3: 'accepted', 2: 'accepted' }, list: ['c3', 'p2'] } as const
const LEAKED = (...compromised: ('current' | 'pending' | 'previous')[]) => ({
  emergency: { compromised, sinceMs: NOW_MS },
})
const REQUESTED = { requestedAtMs: NOW_MS }
const BLACKOUT = { blackouts: [{ fromMs: 0, untilMs: NOW_MS + HOUR_MS }] }
const CLOSED = { windows: [{ days: [], startMinute: 0, endMinute: 1 }] }
const TOMBSTONE = {
  generation: 1,
  value: aRecord('idle').current.value,
  secretId: null,
  fingerprint: 'fp-1',
  reason: 'never-created',
  atMs: NOW_MS - HOUR_MS,
}
const REJECTED = [5, 6, 7].map((generation) => ({
  ...TOMBSTONE,
  generation,
  reason: 'candidate-rejected',
}))

test.each<[string, CredentialRecord, Seen, string, Partial<RotationPolicy>?]>([
  // idle
  ['idle: probes first', aRecord('idle'), {}, 'probe: drift'],
  ['idle: then lists', aRecord('idle'), { probes: { 3: 'accepted' } }, 'list: drift'],
  ['idle: makes the standby', aRecord('idle'), only(['c3']), 'prepare: standby'],
  ['idle: rests without one', aRecord('idle'), only(['c3']), 'wait: not-due', { standby: 'none' }],
  ['idle: is due', aRecord('idle', REQUESTED), only(['c3']), 'prepare: requested'],
  ['idle: leaked', aRecord('idle', LEAKED('current')), only(['c3']), 'prepare: emergency'],
  ['idle: learns the id of the bootstrap', unbound(), only(['x']), 'bind-current: single-id'],
  ['idle: two ids, none known', unbound(), settled(['x', 'y']), 'block: attribution-ambiguous'],
  ['idle: a foreign id, maybe stale', aRecord('idle'), only(['c3', 'x']), 'wait: list-unsettled'],
  [
    'idle: a foreign id for long',
    aRecord('idle'),
    settled(['c3', 'x']),
    'block: slot-full-foreign',
  ],
  [
    'idle: a foreign id, and no candidate is wanted',
    aRecord('idle'),
    settled(['c3', 'x']),
    'wait: not-due',
    { standby: 'none' },
  ],
  [
    'idle: a late create of an abandoned candidate',
    aRecord('idle', { tombstones: [TOMBSTONE] }),
    { probes: { 3: 'accepted', 1: 'accepted' }, list: ['c3', 'x'] },
    'abort-late: late-create',
  ],
  [
    'idle: current is dead',
    aRecord('idle'),
    { probes: { 3: 'refused' }, list: ['x'] },
    'block: no-working-secret',
  ],
  [
    'idle: three values were refused by the rule',
    aRecord('idle', { tombstones: REJECTED, lastGeneration: 7 }),
    only(['c3']),
    'block: candidate-rejected',
  ],
  ['idle: paused', aRecord('idle', { paused: true }), only(['c3']), 'wait: paused'],
  [
    'idle: backs off',
    aRecord('idle', { notBeforeMs: NOW_MS + 1_000 }),
    only(['c3']),
    'wait: backing-off',
  ],
  [
    'idle: replicas hold something newer than the record',
    aRecord('idle'),
    { ...only(['c3']), members: [{ held: [9] }] },
    'block: record-foreign-write',
  ],
  [
    'idle: an instant of another clock',
    aRecord('idle', { phaseSinceMs: NOW_MS + HOUR_MS }),
    only(['c3']),
    'restamp: clock-ahead',
  ],
  // prepared
  [
    'prepared: sends what was saved',
    aRecord('prepared'),
    { ...only(['c3']), create: 'unsent' },
    'create: intent-saved',
  ],
  [
    'prepared: unknown, nothing new, refused',
    aRecord('prepared'),
    unknown(['c3'], 'refused'),
    'resend: create-absent',
  ],
  [
    'prepared: unknown, one new id, accepted',
    aRecord('prepared'),
    unknown(['c3', 'n4'], 'accepted'),
    'bind-pending: answer-lost',
  ],
  [
    'prepared: unknown, one new id, refused',
    aRecord('prepared'),
    unknown(['c3', 'n4'], 'refused'),
    'sight: new-id',
  ],
  [
    'prepared: accepted, but no list shows it',
    aRecord('prepared'),
    unknown(['c3'], 'accepted'),
    'wait: create-unknown',
  ],
  [
    'prepared: invalid value, the list may be stale',
    aRecord('prepared'),
    { ...unknown(['c3'], 'refused'), create: 'invalid-value', createdAgoMs: 1_000 },
    'wait: create-unknown',
  ],
  [
    'prepared: invalid value for sure',
    aRecord('prepared'),
    { ...unknown(['c3'], 'refused'), create: 'invalid-value' },
    'bury: candidate-rejected',
  ],
  [
    'prepared: the slot is full of somebody else',
    aRecord('prepared'),
    { ...unknown(['c3', 'x'], 'refused'), create: 'slots-full', listedForMs: 20_000 },
    'block: slot-full-foreign',
  ],
  [
    'prepared: current and the candidate are dead',
    aRecord('prepared'),
    {
      probes: { 3: 'refused', 4: 'refused' },
      list: ['x'],
      create: 'unknown',
      createdAgoMs: 60_000,
    },
    'block: no-working-secret',
  ],
  // created
  ['created: three proofs', aRecord('created'), OK, 'verify: proven'],
  [
    'created: refused, within the time',
    aRecord('created'),
    { probes: { 3: 'accepted', 4: 'refused' }, list: ['c3', 'n4'] },
    'wait: propagation',
  ],
  [
    'created: refused for too long',
    withPending({ firstSeenAtMs: NOW_MS - 200_000 }),
    { probes: { 3: 'accepted', 4: 'refused' }, list: ['c3', 'n4'] },
    'abort: propagation-timeout',
  ],
  [
    'created: refused, and gone from the list',
    aRecord('created'),
    { probes: { 3: 'accepted', 4: 'refused' }, list: ['c3'], listedForMs: 20_000 },
    'abort: standby-absent',
  ],
  ['created: sent twice', withPending({ attempts: 2 }), OK, 'abort: create-doubled'],
  // verified
  ['verified: everybody holds it', aRecord('verified'), OK, 'stage: prepositioned'],
  [
    'verified: one replica does not',
    aRecord('verified'),
    { ...OK, members: [{ held: [3, 4] }, { held: [3] }] },
    'wait: preposition-barrier',
  ],
  [
    'verified: current is dead, so nobody waits',
    aRecord('verified'),
    { ...OK, probes: { 3: 'refused', 4: 'accepted' }, members: [{ held: [3] }] },
    'stage: current-dead',
  ],
  [
    'verified: refused again',
    aRecord('verified'),
    { ...OK, probes: { 3: 'accepted', 4: 'refused' } },
    'abort: standby-refused',
  ],
  // staged
  ['staged: rests', aRecord('staged'), OK, 'wait: not-due'],
  ['staged: is due', aRecord('staged', REQUESTED), OK, 'promote: requested'],
  ['staged: current leaked', aRecord('staged', LEAKED('current')), OK, 'promote: emergency'],
  ['staged: the standby leaked', aRecord('staged', LEAKED('pending')), OK, 'abort: compromised'],
  [
    'staged: both leaked, the slot is freed first',
    aRecord('staged', LEAKED('current', 'pending')),
    OK,
    'abort: compromised',
  ],
  [
    'staged: due, but not in this window',
    aRecord('staged', REQUESTED),
    OK,
    'wait: window-closed',
    CLOSED,
  ],
  [
    'staged: a leak does not wait for a blackout',
    aRecord('staged', LEAKED('current')),
    OK,
    'promote: emergency',
    BLACKOUT,
  ],
  [
    'staged: current is dead',
    aRecord('staged'),
    { ...OK, probes: { 3: 'refused', 4: 'accepted' } },
    'promote: current-dead',
  ],
  [
    'staged: one refusal of current decides nothing',
    aRecord('staged'),
    { ...OK, probes: { 3: 'once-refused', 4: 'accepted' } },
    'wait: not-due',
  ],
  [
    'staged: the standby is dead',
    aRecord('staged'),
    { ...OK, probes: { 3: 'accepted', 4: 'refused' } },
    'abort: standby-refused',
  ],
  [
    'staged: the standby is gone from the list',
    aRecord('staged'),
    { ...OK, list: ['c3'], listedForMs: 20_000 },
    'abort: standby-absent',
  ],
  [
    'staged: absent from one list only',
    aRecord('staged'),
    { ...OK, list: ['c3'] },
    'wait: not-due',
  ],
  [
    'staged: both are dead',
    aRecord('staged'),
    { ...OK, probes: { 3: 'refused', 4: 'refused' } },
    'block: no-working-secret',
  ],
  [
    'staged: no standby is wanted any more',
    aRecord('staged'),
    OK,
    'abort: standby-unwanted',
    { standby: 'none' },
  ],
  // promoted
  ['promoted: everybody has moved', aRecord('promoted'), DRAINED, 'retire: drained'],
  ['promoted: drains', withPrevious({ demotedAtMs: NOW_MS - 1_000 }), DRAINED, 'wait: drain'],
  [
    'promoted: somebody still uses the old one',
    aRecord('promoted'),
    { ...DRAINED, members: [{ held: [3, 2], lastUse: { 2: NOW_MS - 1_000 } }] },
    'wait: previous-in-use',
  ],
  [
    'promoted: a replica has not moved',
    aRecord('promoted'),
    { ...DRAINED, members: [{ held: [3, 2] }, { held: [2] }] },
    'wait: ack-barrier',
  ],
  [
    'promoted: the first revoke needs consent',
    withPrevious({ bootstrap: true }),
    DRAINED,
    'wait: bootstrap-consent',
    { revokeBootstrap: 'confirm' },
  ],
  [
    'promoted: consent was given',
    { ...withPrevious({ bootstrap: true }), bootstrapConsent: true },
    DRAINED,
    'retire: drained',
    { revokeBootstrap: 'confirm' },
  ],
  [
    'promoted: a leaked one does not drain; holding the new one is enough',
    { ...withPrevious({ demotedAtMs: NOW_MS }), ...LEAKED('previous') },
    { ...DRAINED, members: [{ held: [2, 3] }] },
    'retire: emergency',
  ],
  [
    'promoted: a leak waits for who could not fall forward',
    { ...withPrevious({ demotedAtMs: NOW_MS }), ...LEAKED('previous') },
    { ...DRAINED, members: [{ held: [2] }] },
    'wait: ack-barrier',
  ],
  [
    'promoted: the new one is refused while the old one works',
    aRecord('promoted'),
    { ...DRAINED, probes: { 3: 'refused', 2: 'accepted' } },
    'demote: current-refused',
  ],
  [
    'promoted: both are refused',
    aRecord('promoted'),
    { ...DRAINED, probes: { 3: 'refused', 2: 'refused' } },
    'block: no-working-secret',
  ],
  [
    'promoted: somebody revoked the old one',
    withPrevious({ bootstrap: true, demotedAtMs: NOW_MS }),
    { probes: { 3: 'accepted', 2: 'refused' }, list: ['c3'], listedForMs: 20_000 },
    'retire: previous-gone',
    { revokeBootstrap: 'confirm' },
  ],
  // retiring
  ['retiring: revokes', aRecord('retiring'), DRAINED, 'revoke: retiring'],
  [
    'retiring: revoked and refused',
    aRecord('retiring', { absentSinceMs: NOW_MS }),
    { probes: { 3: 'accepted', 2: 'once-refused' }, list: ['c3'] },
    'finish: revoked',
  ],
  [
    'retiring: revoked, still accepted',
    aRecord('retiring', { absentSinceMs: NOW_MS - 1 }),
    { probes: { 3: 'accepted', 2: 'accepted' }, list: ['c3'] },
    'wait: revoke-settling',
  ],
  [
    'retiring: the new one turned out dead',
    aRecord('retiring'),
    { ...DRAINED, probes: { 3: 'refused', 2: 'accepted' } },
    'demote: current-refused',
  ],
  [
    'retiring: a blackout that has begun since holds the revoke',
    aRecord('retiring'),
    DRAINED,
    'wait: blackout',
    BLACKOUT,
  ],
  [
    'retiring: so does a window that has closed since',
    aRecord('retiring'),
    DRAINED,
    'wait: window-closed',
    CLOSED,
  ],
  [
    'retiring: a leaked one is revoked all the same',
    aRecord('retiring', LEAKED('previous')),
    DRAINED,
    'revoke: retiring',
    BLACKOUT,
  ],

  // aborting
  ['aborting: revokes', aRecord('aborting'), OK, 'revoke: aborting'],
  ['aborting: not during a blackout', aRecord('aborting'), OK, 'wait: blackout', BLACKOUT],
  [
    'aborting: a closed window holds up no candidate that nobody uses',
    aRecord('aborting'),
    OK,
    'revoke: aborting',
    CLOSED,
  ],
  [
    'aborting: an emergency needs the slot, blackout or not',
    aRecord('aborting', LEAKED('current')),
    OK,
    'revoke: aborting',
    BLACKOUT,
  ],
  [
    'aborting: revoked and refused',
    aRecord('aborting', { absentSinceMs: NOW_MS }),
    { ...OK, probes: { 3: 'accepted', 4: 'once-refused' } },
    'bury: aborted',
  ],
  [
    'aborting: current died meanwhile',
    aRecord('aborting'),
    { ...OK, probes: { 3: 'refused', 4: 'accepted' } },
    'promote: current-dead',
  ],
  [
    'aborting: a replica still treats it as current',
    aRecord('aborting'),
    { ...OK, members: [{ held: [4, 3] }] },
    'wait: ack-barrier',
  ],
  // blocked
  [
    'blocked: stays while the cause lasts',
    { ...aRecord('idle'), blocked: blocked('slot-full-foreign') },
    settled(['c3', 'x']),
    'wait: blocked',
  ],
  [
    'blocked: heals when the world does',
    { ...aRecord('idle'), blocked: blocked('slot-full-foreign') },
    only(['c3']),
    'unblock: healed',
  ],
  [
    'blocked: a secret that works again',
    { ...aRecord('staged'), blocked: blocked('no-working-secret') },
    OK,
    'unblock: healed',
  ],
  [
    'blocked: one refusal too few is no reason to hope',
    { ...aRecord('staged'), blocked: blocked('no-working-secret') },
    { ...OK, probes: { 3: 'once-refused', 4: 'refused' } },
    'wait: blocked',
  ],
  [
    'blocked: a replaced record waits for the operator',
    { ...aRecord('staged'), blocked: blocked('record-foreign-write') },
    OK,
    'wait: blocked',
  ],
])('%s', (_story, record, seen, step, policy = {}) => {
  expect(decide(record, seen, policy)).toBe(step)
})

test('a barrier that a silent replica holds up becomes a block', () => {
  const record = aRecord('promoted')
  const members = [{ instance: 'm', held: [2], ackGeneration: 2, lastUse: {}, atMs: NOW_MS }]
  const rules = { policy: { ...POLICY, memberSilentMs: 300_000 }, traits: FAKE_TRAITS }
  const seen = sawRoster(seenAs(record, DRAINED), { members, goneUses: {} }, NOW_MS)
  expect(plan(record, seen, rules, NOW_MS)).toMatchObject({ kind: 'wait', reason: 'ack-barrier' })
  const later = NOW_MS + 300_001
  const proven = sawProbe(seen, 3, 'accepted', null, later)
  const stillSilent = sawRoster(proven, { members, goneUses: {} }, later)
  expect(plan(record, stillSilent, rules, later)).toMatchObject({
    kind: 'block',
    reason: 'member-silent',
  })
})

function only(list: readonly string[]): Seen {
  return { probes: { 3: 'accepted' }, list }
}

/** The list has looked like this for longer than a list may be stale. */
function settled(list: readonly string[]): Seen {
  return { ...only(list), listedForMs: 20_000 }
}

function unknown(list: readonly string[], verdict: Verdict): Seen {
  return {
    probes: { 3: 'accepted', 4: verdict },
    list,
    create: 'unknown',
    createdAgoMs: 60_000,
  }
}

function unbound(): CredentialRecord {
  const record = aRecord('idle')
  return { ...record, current: { ...record.current, secretId: null } }
}

function withPending(changes: object): CredentialRecord {
  const record = aRecord('created')
  return { ...record, pending: record.pending && { ...record.pending, ...changes } }
}

function withPrevious(changes: object): CredentialRecord {
  const record = aRecord('promoted')
  return { ...record, previous: record.previous && { ...record.previous, ...changes } }
}

function blocked(reason: NonNullable<CredentialRecord['blocked']>['reason']) {
  return { reason, sinceMs: NOW_MS - HOUR_MS, detail: '' }
}
