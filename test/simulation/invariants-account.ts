import type { Check, Invariant, Violation } from './check-history.ts'
import type { HistoryEvent, RecordedRecord } from './history.ts'

const SLOTS = 2

type Created = Extract<HistoryEvent, { kind: 'created' }>

/** I1: a secret that we created is live ⇒ its value is in the record (current, pending, previous or tombstones). */
export const checkLostSecret: Check = ({ events }) => {
  const live = new Map<string, Created>()
  const lost = new Set<string>()
  const violations: Violation[] = []
  let known = new Set<string>()
  for (const event of events) {
    if (event.kind === 'created' && event.by === 'us') live.set(event.secretId, event)
    else if (event.kind === 'revoked') live.delete(event.secretId)
    else if (event.kind === 'record') known = valuesOf(event.record)
    else continue
    for (const { secretId, value } of live.values()) {
      if (known.has(value) || lost.has(secretId)) continue
      lost.add(secretId)
      violations.push(
        broken('I1 no lost secret', event.atMs, `${secretId} is live and in no record`),
      )
    }
  }
  return violations
}

/** I3: 1 ≤ live ≤ 2. */
export const checkSlots: Check = ({ events }) => {
  const live = new Set<string>()
  const violations: Violation[] = []
  for (const event of events) {
    if (event.kind === 'created') live.add(event.secretId)
    else if (event.kind === 'revoked') live.delete(event.secretId)
    else continue
    if (live.size >= 1 && live.size <= SLOTS) continue
    violations.push(broken('I3 slots', event.atMs, `${live.size} secrets are live`))
  }
  return violations
}

/** I5: only ids that were attributed to us are deleted; a secret of somebody else never is. */
export const checkForeignDelete: Check = ({ events }) => {
  const foreign = new Set<string>()
  const violations: Violation[] = []
  for (const event of events) {
    if (event.kind === 'created' && event.by === 'foreign') foreign.add(event.secretId)
    if (event.kind !== 'revoked' || event.by === 'foreign' || !foreign.has(event.secretId)) continue
    violations.push(
      broken('I5 no foreign delete', event.atMs, `${event.secretId} was not ours to delete`),
    )
  }
  return violations
}

/** I8: every delete is authenticated by a secret that must remain. */
export const checkSurvivor: Check = ({ events }) => {
  const values = new Map<string, string>()
  const violations: Violation[] = []
  for (const event of events) {
    if (event.kind === 'created') values.set(event.secretId, event.value)
    if (event.kind !== 'call' || event.operation !== 'revoke' || event.secretId === null) continue
    if (event.auth === null || event.auth !== values.get(event.secretId)) continue
    violations.push(
      broken(
        'I8 survivor authenticates',
        event.atMs,
        `the delete of ${event.secretId} was authenticated with that secret itself`,
      ),
    )
  }
  return violations
}

/** Every value that a record holds. */
export function valuesOf(record: RecordedRecord): Set<string> {
  const { current, pending, previous, tombstones } = record
  const versions = [current, pending, previous, ...tombstones]
  return new Set(versions.flatMap((version) => (version === null ? [] : [version.value])))
}

export function broken(invariant: Invariant, atMs: number, detail: string): Violation {
  return { invariant, atMs, detail }
}
