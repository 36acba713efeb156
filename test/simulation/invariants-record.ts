import type { Check, Violation } from './check-history.ts'
import type { HistoryEvent, RecordedRecord, RecordedVersion } from './history.ts'
import { broken, valuesOf } from './invariants-account.ts'

/** I4: at most one pending; its value is immutable until it is promoted or tombstoned; no generation is reused. */
export const checkSingleIntent: Check = ({ events }) => {
  const values = new Map<number, string>()
  const violations: Violation[] = []
  let before: RecordedRecord | null = null
  for (const event of events) {
    if (event.kind !== 'record') continue
    const { record } = event
    for (const { generation, value } of versionsOf(record)) {
      const known = values.get(generation)
      values.set(generation, value)
      if (known === undefined || known === value) continue
      violations.push(
        broken('I4 single intent', event.atMs, `generation ${generation} changed its value`),
      )
    }
    const left = before?.pending ?? null
    if (left !== null && !valuesOf(record).has(left.value)) {
      violations.push(
        broken('I4 single intent', event.atMs, `generation ${left.generation} was dropped`),
      )
    }
    before = record
  }
  return violations
}

/** I7: generation and record version only grow; labels move only by a swap with the version just read. */
export const checkMonotone: Check = ({ events }) => {
  const violations: Violation[] = []
  let version = 0
  let generation = 0
  for (const event of events) {
    if (event.kind !== 'record') continue
    const add = (detail: string): void => {
      violations.push(broken('I7 monotone', event.atMs, detail))
    }
    if (event.version <= version) add(`version ${event.version} after ${version}`)
    if (event.expected !== event.replaced) {
      add(`a writer that had read version ${event.expected} replaced ${event.replaced}`)
    }
    if (event.record.lastGeneration < generation) add(`generation fell from ${generation}`)
    version = event.version
    generation = event.record.lastGeneration
  }
  return violations
}

/** I9: after faults stop, every run reaches its resting phase at the target generation, or stops and says why. */
export const checkProgress: Check = ({ events }, terms) => {
  const ended = events.find((event) => event.kind === 'faults-ended')
  if (ended === undefined) return []
  const converged = events.find((event) => event.kind === 'converged')
  if (converged !== undefined && converged.atMs <= ended.atMs + terms.convergeMs) return []
  const last = events.findLast((event) => event.kind === 'record')
  if (terms.foreign && (last?.record.blocked || terms.managerStopped)) return []
  const where = last === undefined ? 'nowhere' : `in ${last.record.phase}`
  const why = last?.record.blocked ? `, blocked: ${last.record.blocked}` : ''
  const atMs = ended.atMs + terms.convergeMs
  return [
    broken(
      'I9 progress',
      atMs,
      `not at rest ${terms.convergeMs} ms after the last fault: ${where}${why}`,
    ),
  ]
}

/** I10: a value is forgotten only when its id was absent for longer than a list may be stale, or by our own 204 or 404. */
export const checkAbsence: Check = ({ events }, terms) => {
  const absentSince = new Map<string, number>()
  const confirmed = new Set<string>()
  const violations: Violation[] = []
  let before: RecordedRecord | null = null
  for (const event of events) {
    if (event.kind === 'answer') note(event, before, absentSince, confirmed)
    if (event.kind !== 'record') continue
    for (const { secretId, value } of before === null ? [] : versionsOf(before)) {
      if (secretId === null || confirmed.has(secretId)) continue
      if (valuesOf(event.record).has(value)) continue
      const sinceMs = absentSince.get(secretId) ?? event.atMs
      if (event.atMs - sinceMs >= terms.absenceMs) continue
      const detail = `${secretId} was forgotten after an absence of ${event.atMs - sinceMs} ms`
      violations.push(broken('I10 absence must persist', event.atMs, detail))
    }
    before = event.record
  }
  return violations
}

function note(
  event: Extract<HistoryEvent, { kind: 'answer' }>,
  record: RecordedRecord | null,
  absentSince: Map<string, number>,
  confirmed: Set<string>,
): void {
  if (event.operation === 'revoke' && (event.answer === 'revoked' || event.answer === 'absent')) {
    for (const secretId of event.secretIds) confirmed.add(secretId)
  }
  if (event.operation !== 'list' || event.answer !== 'listed' || record === null) return
  for (const { secretId } of versionsOf(record)) {
    if (secretId === null) continue
    if (event.secretIds.includes(secretId)) absentSince.delete(secretId)
    else if (!absentSince.has(secretId)) absentSince.set(secretId, event.atMs)
  }
}

function versionsOf(record: RecordedRecord): readonly RecordedVersion[] {
  const { current, pending, previous, tombstones } = record
  return [current, pending, previous, ...tombstones].filter((version) => version !== null)
}
