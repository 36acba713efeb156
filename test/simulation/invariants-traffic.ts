import type { Check, Terms, Violation } from './check-history.ts'
import type { HistoryEvent, RecordedRecord } from './history.ts'
import { broken } from './invariants-account.ts'

type Request = Extract<HistoryEvent, { kind: 'request' }>
type Created = Extract<HistoryEvent, { kind: 'created' }>
type MemberEvent = Extract<HistoryEvent, { kind: 'member' }>

/** I2: while any verified known secret is live, no app request fails for authentication. */
export const checkAvailability: Check = (history) =>
  failures(history.events)
    .filter(({ cause }) => cause === 'ours')
    .map(({ request, detail }) => broken('I2 availability', request.endMs, detail))

export interface Failure {
  readonly request: Request
  /**
   * `foreign`: somebody else ended a version that the replica relied on, or all there was. `ours`: everything else, also where no
   * verified secret was live although nobody else ended one, which is worse than the invariant's wording.
   */
  readonly cause: 'ours' | 'foreign'
  readonly detail: string
}

/** Every request that no version helped, and whose doing it was. */
export function failures(events: readonly HistoryEvent[]): readonly Failure[] {
  const created = new Map<string, Created>()
  const revokedAtMs = new Map<string, number>()
  const endedByOthers = new Set<string>()
  for (const event of events) {
    if (event.kind === 'created') created.set(event.secretId, event)
    if (event.kind !== 'revoked') continue
    revokedAtMs.set(event.secretId, event.atMs)
    const value = created.get(event.secretId)?.value
    if (event.by === 'foreign' && value !== undefined) endedByOthers.add(value)
  }
  const verified = new Map<string, number>()
  const found: Failure[] = []
  for (const event of events) {
    if (event.kind === 'record') noteVerified(event.record, event.atMs, verified)
    if (event.kind !== 'request' || event.attempts.some((attempt) => attempt.accepted)) continue
    const usable = [...created.values()].find(
      (secret) =>
        (verified.get(secret.value) ?? Infinity) <= event.atMs &&
        secret.usableFromMs <= event.atMs &&
        (revokedAtMs.get(secret.secretId) ?? Infinity) > event.endMs,
    )
    const tried = event.attempts.map((attempt) => attempt.generation).join(', ')
    const excused = event.attempts.some((attempt) => endedByOthers.has(attempt.value))
    const cause = endedByOthers.size > 0 && (usable === undefined || excused) ? 'foreign' : 'ours'
    const detail = `${event.instance} failed with generation ${tried} while ${usable?.secretId ?? 'none'} was live`
    found.push({ request: event, cause, detail })
  }
  return found
}

function noteVerified(record: RecordedRecord, atMs: number, verified: Map<string, number>): void {
  const offered = record.phase === 'verified' || record.phase === 'staged'
  const versions = [record.current, record.previous, offered ? record.pending : null]
  for (const version of versions) {
    if (version !== null && !verified.has(version.value)) verified.set(version.value, atMs)
  }
}

/**
 * I6: a delete of previous.id is issued only after both barriers: every registered member has acknowledged, and none used
 * it for the drain time. A member is registered before it reads the record and reads before it serves.
 */
export const checkConsent: Check = ({ events }, terms) => {
  const members = new Map<string, MemberEvent>()
  const registeredAtMs = new Map<string, number>()
  const hasRead = new Set<string>()
  const violations: Violation[] = []
  let record: RecordedRecord | null = null
  let promotedAtMs = 0
  const add = (atMs: number, detail: string): void => {
    violations.push(broken('I6 revoke after consent', atMs, detail))
  }
  for (const event of events) {
    if (event.kind === 'record') {
      if (record?.current.generation !== event.record.current.generation) promotedAtMs = event.atMs
      record = event.record
    } else if (event.kind === 'member') {
      const known = members.get(event.instance)
      if (known === undefined) registeredAtMs.set(event.instance, event.atMs)
      if (known === undefined || known.saidAtMs <= event.saidAtMs)
        members.set(event.instance, event)
    } else if (event.kind === 'member-gone') members.delete(event.instance)
    else if (event.kind === 'record-read') {
      if (!members.has(event.instance)) add(event.atMs, `${event.instance} read unregistered`)
      hasRead.add(event.instance)
    } else if (event.kind === 'process' && event.event === 'serves') {
      if (!hasRead.has(event.instance)) add(event.atMs, `${event.instance} served unread`)
    } else if (event.kind === 'call' && event.operation === 'revoke') {
      if (record === null || record.emergency) continue
      if (record.previous?.secretId !== event.secretId) continue
      for (const member of members.values()) {
        // Who registered after the promotion reads it before it serves.
        const late = (registeredAtMs.get(member.instance) ?? 0) > promotedAtMs
        const ack = late ? [] : unacknowledged(member, record)
        for (const detail of [...ack, ...recentUse(member, record, event.atMs, terms)]) {
          add(event.atMs, detail)
        }
      }
    }
  }
  return violations
}

function unacknowledged(member: MemberEvent, { current }: RecordedRecord): readonly string[] {
  const { instance, ackGeneration } = member
  if (ackGeneration >= current.generation) return []
  return [`${instance} acknowledged ${ackGeneration} of ${current.generation}`]
}

function recentUse(
  { instance, lastUse }: MemberEvent,
  { previous }: RecordedRecord,
  atMs: number,
  terms: Terms,
): readonly string[] {
  const usedAtMs = lastUse[previous?.generation ?? 0]
  const quietMs = usedAtMs === undefined ? Infinity : atMs - usedAtMs
  if (quietMs >= terms.drainMs - terms.toleranceMs) return []
  return [`${instance} used the old version ${quietMs} ms before`]
}
