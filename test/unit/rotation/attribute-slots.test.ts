import { describe, expect, test } from 'vitest'
import type { CredentialRecord } from '../../../src/kernel/credential.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { attributeSlots } from '../../../src/rotation/attribute-slots.ts'
import {
  type Observation,
  nothingSeen,
  sawList,
  sawProbe,
} from '../../../src/rotation/observation.ts'
import { plan } from '../../../src/rotation/plan.ts'
import { reconcile } from '../../../src/rotation/reconcile.ts'
import { FAKE_TRAITS } from '../../fakes/fake-provider.ts'
import { POLICY } from './bench.ts'
import { NOW_MS, aRecord } from './records.ts'

const traits = FAKE_TRAITS
const GENERATION = aRecord('idle').current.generation

/** A record that does not know the id of its one value. */
function unbound(change: Partial<CredentialRecord> = {}): CredentialRecord {
  const record = aRecord('idle', change)
  return { ...record, current: { ...record.current, secretId: null } }
}

function withoutPreviousId(): CredentialRecord {
  const record = aRecord('promoted')
  return { ...record, previous: record.previous && { ...record.previous, secretId: null } }
}

function slots(record: CredentialRecord, seen: Observation): string {
  return attributeSlots(record, reconcile(record, seen), seen, traits).kind
}

test('a known id is not replaced while a revoked value may still be accepted', () => {
  const record = aRecord('idle')
  const sinceMs = NOW_MS - 200_000
  const seenAt = (atMs: number): Observation => {
    const first = sawList(nothingSeen(sinceMs), ['foreign'], ['c3'], sinceMs)
    return sawProbe(sawList(first, ['foreign'], ['c3'], atMs), 3, 'accepted', null, atMs)
  }
  const slotsAt = (atMs: number) =>
    attributeSlots(record, reconcile(record, seenAt(atMs)), seenAt(atMs), traits).kind
  expect(slotsAt(sinceMs + 30_000)).not.toBe('bind-current')
  expect(slotsAt(sinceMs + traits.propagationMaxMs + 1)).toBe('bind-current')
})

test('the one listed id of an accepted value is its own where nothing else was seen', () => {
  const listed = sawList(nothingSeen(NOW_MS), ['one'], [], NOW_MS)
  expect(slots(unbound(), sawProbe(listed, GENERATION, 'accepted', null, NOW_MS))).toBe(
    'bind-current',
  )
})

test('an id that is left behind by another is ours only once what was revoked must have died', () => {
  const record = unbound()
  const lostAtMs = NOW_MS + 60_000
  const both = sawList(nothingSeen(NOW_MS), ['one', 'other'], [], NOW_MS)
  const left = sawList(both, ['other'], [], lostAtMs)
  const accepted = sawProbe(left, GENERATION, 'accepted', null, lostAtMs)
  expect(slots(record, accepted)).toBe('unsettled')

  // Nothing is asked or changed until then, and then the value is asked at once.
  const diesAtMs = lostAtMs + traits.propagationMaxMs + 1
  const rules = { policy: POLICY, traits }
  const waits = plan(record, sawList(accepted, ['other'], [], diesAtMs - 1), rules, diesAtMs - 1)
  expect(waits).toMatchObject({ kind: 'wait', untilMs: diesAtMs })
  const asks = plan(record, sawList(accepted, ['other'], [], diesAtMs), rules, diesAtMs)
  expect(asks).toMatchObject({ kind: 'probe', generation: GENERATION })

  const lives = sawProbe(accepted, GENERATION, 'accepted', null, diesAtMs)
  expect(slots(record, lives)).toBe('bind-current')
  const died = sawProbe(accepted, GENERATION, 'refused', null, diesAtMs)
  expect(slots(record, died)).toBe('unsettled')
})

test('a provider whose secrets live on for longer is waited for', () => {
  const slow = { ...traits, propagationMaxMs: 600_000 }
  const both = sawList(nothingSeen(NOW_MS), ['one', 'other'], [], NOW_MS)
  const left = sawList(both, ['other'], [], NOW_MS)
  const at = (atMs: number) => {
    const seen = sawProbe(left, GENERATION, 'accepted', null, atMs)
    return attributeSlots(unbound(), reconcile(unbound(), seen), seen, slow).kind
  }
  expect(at(NOW_MS + 600_000)).toBe('unsettled')
  expect(at(NOW_MS + 600_001)).toBe('bind-current')
})

test('that there were more ids is still known behind a restart, by the block', () => {
  const record = unbound({
    blocked: { reason: 'attribution-ambiguous', detail: '', sinceMs: NOW_MS - 1_000 },
  })
  const listed = sawList(nothingSeen(NOW_MS), ['other'], [], NOW_MS)
  const at = (atMs: number) => slots(record, sawProbe(listed, GENERATION, 'accepted', null, atMs))
  expect(at(NOW_MS + traits.propagationMaxMs)).toBe('unsettled')
  expect(at(NOW_MS + traits.propagationMaxMs + 1)).toBe('bind-current')
})

test('an id of ours that was given up and revoked keeps nothing waiting', () => {
  const tombstone = {
    generation: 1,
    value: new SecretValue('Buried0Value0of0g1'),
    secretId: 'buried',
    fingerprint: 'fp-1',
    reason: 'aborted',
    atMs: NOW_MS,
  }
  const record = unbound({ tombstones: [tombstone] })
  const both = sawList(nothingSeen(NOW_MS), ['one', 'buried'], [], NOW_MS)
  const left = sawList(both, ['one'], [], NOW_MS + 1_000)
  const seen = sawProbe(left, GENERATION, 'accepted', null, NOW_MS + 1_000)
  expect(slots(record, seen)).toBe('bind-current')
})

test.each([
  ['accepted', ['c3', 'x'], 'bind-previous'],
  ['accepted', ['c3'], 'block'],
  ['refused', ['c3', 'x'], 'retire'],
  ['refused', ['c3'], 'retire'],
] as const)('a previous without an id, %s for long while %j are listed', (verdict, ids, kind) => {
  const record = withoutPreviousId()
  const stepAt = (atMs: number) => {
    const listed = sawList(nothingSeen(NOW_MS), ids, ['c3'], NOW_MS)
    let seen = sawProbe(sawList(listed, ids, ['c3'], atMs), GENERATION, 'accepted', null, atMs)
    for (const at of [NOW_MS, NOW_MS + 1, atMs]) seen = sawProbe(seen, 2, verdict, null, at)
    const rules = { policy: { ...POLICY, drainMs: 0 }, traits }
    const retiring = plan({ ...record, phase: 'retiring' }, seen, rules, atMs)
    expect(retiring).toMatchObject({ kind: 'gone' })
    return plan(record, seen, rules, atMs)
  }
  expect(stepAt(NOW_MS + traits.propagationMaxMs + 1).kind).toBe(kind)
  // A refusal for a moment must not make it forget a value that lives.
  if (verdict === 'refused') expect(stepAt(NOW_MS + 2_000)).toMatchObject({ kind: 'wait' })
})

test('a previous without an id does not get the one that an id has vanished beside', () => {
  const record = withoutPreviousId()
  const both = sawList(nothingSeen(NOW_MS - 60_000), ['c3', 'own'], ['c3'], NOW_MS - 60_000)
  const left = sawList(both, ['c3', 'x'], ['c3'], NOW_MS)
  const current = sawProbe(left, GENERATION, 'accepted', null, NOW_MS)
  const seen = sawProbe(current, 2, 'accepted', null, NOW_MS)
  const rules = { policy: { ...POLICY, drainMs: 0 }, traits }
  expect(plan(record, seen, rules, NOW_MS)).toMatchObject({ kind: 'wait' })
})

test('ids that went long ago are forgotten, those of the record are not', () => {
  const both = sawList(nothingSeen(NOW_MS), ['one', 'other', 'ours'], ['ours'], NOW_MS)
  const left = sawList(both, ['one'], ['ours'], NOW_MS + 1_000)
  const untilMs = NOW_MS + 1_000 + traits.propagationMaxMs
  const kept = sawList(left, ['one'], ['ours'], untilMs)
  expect([...kept.presence.keys()].toSorted()).toEqual(['one', 'other', 'ours'])
  const later = sawList(kept, ['one'], ['ours'], untilMs + 1)
  expect([...later.presence.keys()].toSorted()).toEqual(['one', 'ours'])
})

describe('the secret that was configured is refused, and the id that it was given is still listed', () => {
  const refusedFor = (ms: number, changes: Partial<CredentialRecord> = {}, bootstrap = true) => {
    const base = aRecord('promoted', changes)
    const record = { ...base, previous: base.previous && { ...base.previous, bootstrap } }
    const atMs = NOW_MS + ms
    const listed = sawList(nothingSeen(NOW_MS), ['c3', 'p2'], ['c3', 'p2'], atMs)
    let seen = sawProbe(listed, GENERATION, 'accepted', null, atMs)
    for (const at of [NOW_MS, NOW_MS + 1, atMs]) seen = sawProbe(seen, 2, 'refused', null, at)
    return plan(record, seen, { policy: { ...POLICY, drainMs: 0 }, traits }, atMs)
  }
  const forLongMs = traits.propagationMaxMs + 1

  test('it is somebody else’s id, once the refusal has lasted', () => {
    expect(refusedFor(30_000)).toMatchObject({ kind: 'wait', reason: 'list-unsettled' })
    expect(refusedFor(forLongMs)).toMatchObject({ kind: 'bind-previous', secretId: null })
  })

  test.each([
    ['an operator named it', { bootstrapConsent: true }, true],
    [
      'an operator said that it leaked',
      { emergency: { compromised: ['previous' as const], sinceMs: NOW_MS } },
      true,
    ],
    ['Sidekey made it', {}, false],
  ])('it is revoked where %s', (_why, changes, bootstrap) => {
    expect(refusedFor(forLongMs, changes, bootstrap)).toMatchObject({ kind: 'retire' })
  })
})
