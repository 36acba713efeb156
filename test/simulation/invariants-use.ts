import { MEMBER_PUBLISH_MS } from '../../src/kernel/limits.ts'
import type { Check } from './check-history.ts'
import type { HistoryEvent, RecordedRecord } from './history.ts'
import { broken } from './invariants-account.ts'

type LateUse = Extract<HistoryEvent, { kind: 'late-use' }>
/** What a replica did this lately, no other one can know: as long to write and to read it as to say it. */
const UNTOLD_MS = 2 * MEMBER_PUBLISH_MS

/**
 * I6, by what happened rather than by what was reported: a version that a request used within the drain time is not
 * revoked, whatever became since of the replica that sent it.
 */
export const checkObservedUse: Check = ({ events }, { drainMs, toleranceMs }) => {
  const uses = new Map<string, LateUse[]>()
  const endedAtMs = new Map<string, number>()
  let record: RecordedRecord | null = null
  return events.flatMap((event) => {
    if (event.kind === 'record') record = event.record
    if (event.kind === 'revoked' && event.by === 'foreign') {
      endedAtMs.set(event.secretId, event.atMs)
    }
    if (event.kind === 'late-use') {
      uses.set(event.value, [...(uses.get(event.value) ?? []), event])
    }
    if (event.kind !== 'call' || event.operation !== 'revoke' || record === null) return []
    const { current, previous, emergency } = record
    if (emergency || previous?.secretId !== event.secretId) return []
    // Where somebody else has just ended the new version, requests went back to the old one and nobody has told of it yet.
    const fromMs = endedAtMs.get(current.secretId ?? '') ?? Infinity
    const isTold = ({ atMs }: LateUse) => atMs < fromMs || event.atMs - atMs > UNTOLD_MS
    const use = uses.get(previous?.value ?? '')?.findLast(isTold)
    const quietMs = use === undefined ? Infinity : event.atMs - use.atMs
    if (use === undefined || quietMs >= drainMs - toleranceMs) return []
    const detail = `${previous?.secretId ?? ''} was revoked ${quietMs} ms after ${use.instance} had used it`
    return [broken('I6 revoke after consent', event.atMs, detail)]
  })
}
