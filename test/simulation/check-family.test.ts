import { expect, test } from 'vitest'
import type { HistoryEvent, RecordedRecord, RecordedVersion } from './history.ts'
import { checkFamily } from './invariants-family.ts'

const V1: RecordedVersion = { generation: 1, value: 'v1', secretId: 's1' }
const V2: RecordedVersion = { generation: 2, value: 'v2', secretId: 's2' }
const IDLE: RecordedRecord = {
  phase: 'idle',
  blocked: null,
  lastGeneration: 2,
  emergency: false,
  current: V1,
  pending: null,
  previous: null,
  tombstones: [],
}
const CREATED: RecordedRecord = { ...IDLE, phase: 'created', pending: V2 }
const STAGED: RecordedRecord = { ...IDLE, phase: 'staged', pending: V2 }

const created = (atMs: number, { value, secretId }: RecordedVersion, usableFromMs = atMs) =>
  ({ kind: 'created', atMs, by: 'us', secretId: secretId ?? '', value, usableFromMs }) as const
const revoked = (atMs: number, { secretId }: RecordedVersion, by: 'us' | 'foreign' = 'us') =>
  ({ kind: 'revoked', atMs, by, secretId: secretId ?? '', auth: null }) as const
const record = (atMs: number, of: RecordedRecord) =>
  ({
    kind: 'record',
    atMs,
    instance: 'a',
    expected: 1,
    replaced: 1,
    version: 2,
    record: of,
  }) as const
const call = (
  atMs: number,
  operation: 'list' | 'revoke',
  auth: string,
  secretId: string | null = null,
  instance = 'a',
) =>
  ({
    kind: 'call',
    atMs,
    instance,
    call: 7,
    operation,
    auth,
    value: null,
    secretId,
    fate: '',
  }) as const
const answer = (atMs: number) =>
  ({
    kind: 'answer',
    atMs,
    instance: 'a',
    call: 7,
    operation: 'list',
    answer: 'listed',
    secretIds: [],
  }) as const

function check(primary: readonly HistoryEvent[], secondary: readonly HistoryEvent[] = []) {
  const history = (events: readonly HistoryEvent[]) => ({ events, requestsAccepted: 0 })
  return checkFamily(history(primary), [history(secondary)]).map(({ atMs }) => atMs)
}

test('a primary without a working secret on offer is found', () => {
  const begun = [created(0, V1), record(1, IDLE), created(10, V2)]
  expect(check([...begun, record(20, STAGED), revoked(30, V1)])).toEqual([])
  // Nobody but its own rotation knows of a candidate before it is verified.
  expect(check([...begun, record(20, CREATED), revoked(30, V1)])).toEqual([30])
  const slow = [created(0, V1), created(10, V2, 60), record(20, STAGED), revoked(30, V1)]
  expect(check(slow)).toEqual([30])
})

test('a primary whose secret somebody else has ended is not to blame', () => {
  expect(check([created(0, V1), record(1, IDLE), revoked(30, V1, 'foreign')])).toEqual([])
})

test('a primary that ends what a call for its secondary relies on is found', () => {
  const primary = [created(0, V1), created(1, V2), call(20, 'revoke', 'v2', 's1')]
  expect(check(primary, [call(10, 'list', 'v1'), answer(30)])).toEqual([20])
  expect(check(primary, [call(10, 'list', 'v1')])).toEqual([20])
  expect(check(primary, [call(10, 'list', 'v1'), answer(15)])).toEqual([])
  expect(check(primary, [call(25, 'list', 'v1'), answer(30)])).toEqual([])
  expect(check(primary, [call(10, 'list', 'v2'), answer(30)])).toEqual([])
  // Another process tries the primary's other secret.
  expect(check(primary, [call(10, 'list', 'v1', null, 'b'), answer(30)])).toEqual([])
})

test('an account without secondaries has no family', () => {
  const history = { events: [created(0, V1), revoked(1, V1)], requestsAccepted: 0 }
  expect(checkFamily(history, [])).toEqual([])
})
