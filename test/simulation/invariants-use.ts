import type { Check } from './check-history.ts'
import type { HistoryEvent, RecordedRecord } from './history.ts'
import { broken } from './invariants-account.ts'

type LateUse = Extract<HistoryEvent, { kind: 'late-use' }>

/**
 * I6, by what happened rather than by what was reported: a version that a request used within the drain time is not
 * revoked, whatever became since of the replica that sent it.
 */
export const checkObservedUse: Check = ({ events }, { drainMs, toleranceMs }) => {
  const lastUses = new Map<string, LateUse>()
  let record: RecordedRecord | null = null
  return events.flatMap((event) => {
    if (event.kind === 'record') record = event.record
    if (event.kind === 'late-use') lastUses.set(event.value, event)
    if (event.kind !== 'call' || event.operation !== 'revoke' || record === null) return []
    const { previous, emergency } = record
    if (emergency || previous?.secretId !== event.secretId) return []
    const use = lastUses.get(previous?.value ?? '')
    const quietMs = use === undefined ? Infinity : event.atMs - use.atMs
    if (use === undefined || quietMs >= drainMs - toleranceMs) return []
    const detail = `${previous?.secretId ?? ''} was revoked ${quietMs} ms after ${use.instance} had used it`
    return [broken('I6 revoke after consent', event.atMs, detail)]
  })
}
