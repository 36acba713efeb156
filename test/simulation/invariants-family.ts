import type { Violation } from './check-history.ts'
import type { History, HistoryEvent, RecordedRecord } from './history.ts'
import { broken } from './invariants-account.ts'

type Call = Extract<HistoryEvent, { kind: 'call' }>

/**
 * A primary and the secondaries that its credential manages: Sidekey always has a working management credential, and its
 * own is what it ends last.
 */
export function checkFamily(
  primary: History,
  secondaries: readonly History[],
): readonly Violation[] {
  if (secondaries.length === 0) return []
  return [...checkManager(primary), ...secondaries.flatMap((one) => checkTurns(primary, one))]
}

/**
 * At every instant something works that the primary's record offers, which is where management calls take their
 * credential from; unless somebody else has ended a secret of the primary.
 */
function checkManager({ events }: History): readonly Violation[] {
  const usableFromMs = new Map<string, number>()
  const values = new Map<string, string>()
  let offered: readonly string[] | null = null
  for (const event of events) {
    if (event.kind === 'created') {
      usableFromMs.set(event.value, event.usableFromMs)
      values.set(event.secretId, event.value)
    } else if (event.kind === 'revoked') {
      if (event.by === 'foreign') return []
      usableFromMs.delete(values.get(event.secretId) ?? '')
    } else if (event.kind === 'record') offered = offeredBy(event.record)
    else continue
    const works = (value: string): boolean => (usableFromMs.get(value) ?? Infinity) <= event.atMs
    if (offered === null || offered.some(works)) continue
    const detail = 'no secret that the primary’s record offers works'
    return [broken('management credential', event.atMs, detail)]
  }
  return []
}

/** As `liveVersions` says it of a whole record. */
function offeredBy({ phase, current, pending, previous }: RecordedRecord): readonly string[] {
  const stands = phase === 'verified' || phase === 'staged' ? pending : null
  return [current, previous, stands].flatMap((version) => (version === null ? [] : [version.value]))
}

/** No process revokes a secret of the primary while a call of a secondary that it authenticates is on its way. */
function checkTurns(primary: History, secondary: History): readonly Violation[] {
  const idOf = new Map<string, string>()
  for (const event of primary.events) {
    if (event.kind === 'created') idOf.set(event.secretId, event.value)
  }
  const revokes = primary.events.filter(
    (event): event is Call => event.kind === 'call' && event.operation === 'revoke',
  )
  if (revokes.length === 0) return []
  const answeredAtMs = new Map<number, number>()
  for (const event of secondary.events) {
    if (event.kind === 'answer') answeredAtMs.set(event.call, event.atMs)
  }
  return secondary.events.flatMap((event) => {
    if (event.kind !== 'call' || event.auth === null) return []
    const untilMs = answeredAtMs.get(event.call) ?? Infinity
    const rash = revokes.find(
      ({ atMs, instance, secretId }) =>
        instance === event.instance &&
        event.atMs <= atMs &&
        atMs < untilMs &&
        idOf.get(secretId ?? '') === event.auth,
    )
    if (rash === undefined) return []
    const detail = `${rash.instance} revoked ${rash.secretId} while its ${event.operation} for a secondary relied on it`
    return [broken('management credential', rash.atMs, detail)]
  })
}
