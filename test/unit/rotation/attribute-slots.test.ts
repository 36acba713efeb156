import { expect, test } from 'vitest'
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
import { FakeClock } from '../../fakes/clock.ts'
import { FakeProvider } from '../../fakes/fake-provider.ts'
import { POLICY } from './bench.ts'
import { NOW_MS, aRecord } from './records.ts'

const { traits } = new FakeProvider(new FakeClock(), 'Bootstrap0Secret')
const GENERATION = aRecord('idle').current.generation

/** A record that does not know the id of its one value. */
function unbound(change: Partial<CredentialRecord> = {}): CredentialRecord {
  const record = aRecord('idle', change)
  return { ...record, current: { ...record.current, secretId: null } }
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
