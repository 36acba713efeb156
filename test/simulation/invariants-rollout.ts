import type { RolloutReport } from '../../src/kernel/ports/store.ts'
import { REFUSALS_MAX } from '../../src/rotation/timing.ts'
import type { Check, Terms, Violation } from './check-history.ts'
import type { HistoryEvent, RecordedRecord } from './history.ts'
import { broken } from './invariants-account.ts'

type MemberEvent = Extract<HistoryEvent, { kind: 'member' }>

/** What a leader reads may be as old as this when it decides, in milliseconds. */
const READ_BEFORE_MS = 3_000

/**
 * The option: while a share of the requests tries a version, nothing of ours is revoked; it is promoted only when a
 * replica has watched it for the whole time, and when it was not refused too often. An emergency, or a current version
 * that a probe has found refused since, skips it.
 */
export const checkRollout: Check = ({ events }, terms) => {
  const { stagedPromotion } = terms
  if (stagedPromotion === null) return []
  const violations: Violation[] = []
  const said: MemberEvent[] = []
  const gone = new Map<string, number>()
  const asked = new Map<number, string | null>()
  const refusedAtMs = new Map<string, number>()
  let before: RecordedRecord | null = null
  let sinceMs = 0
  for (const event of events) {
    if (event.kind === 'member') said.push(event)
    else if (event.kind === 'member-gone') gone.set(event.instance, event.atMs)
    else if (event.kind === 'answer' && event.answer === 'refused') {
      refusedAtMs.set(asked.get(event.call) ?? '', event.atMs)
    } else if (event.kind === 'call') {
      asked.set(event.call, event.value)
      const known = [before?.current.secretId, before?.pending?.secretId]
      if (event.operation === 'revoke' && before?.rollsOut && known.includes(event.secretId)) {
        const detail = `${event.secretId} was revoked during a staged promotion`
        violations.push(broken('staged promotion', event.atMs, detail))
      }
    } else if (event.kind === 'record') {
      const { record } = event
      if (record.rollsOut && !before?.rollsOut) sinceMs = event.atMs
      const { pending, current } = before ?? {}
      const promoted = pending !== null && pending?.generation === record.current.generation
      const died = (refusedAtMs.get(current?.value ?? '') ?? -Infinity) > sinceMs - READ_BEFORE_MS
      const skips = record.emergency || before?.emergency || died || before?.phase !== 'staged'
      if (promoted && !skips) {
        const decidedAtMs = Math.min(event.atMs, record.promotedAtMs ?? event.atMs)
        const detail = complaint(pending.generation, decidedAtMs, { said, gone, terms })
        if (detail !== null) violations.push(broken('staged promotion', event.atMs, detail))
      }
      before = record
    }
  }
  return violations
}

interface Told {
  readonly said: readonly MemberEvent[]
  readonly gone: ReadonlyMap<string, number>
  readonly terms: Terms
}

/** What speaks against a promotion at this instant; null: nothing does. */
function complaint(generation: number, decidedAtMs: number, told: Told): string | null {
  const { stagedPromotion, toleranceMs } = told.terms
  if (stagedPromotion === null || toleranceMs === Infinity) return null
  const atMs = decidedAtMs + toleranceMs
  const { forMs, refusalsMaxRatio } = stagedPromotion
  const watched = told.said.filter((one) => one.atMs <= atMs && isOf(one, generation))
  const longestMs = Math.max(0, ...watched.map(({ rollout }) => rollout?.forMs ?? 0))
  if (longestMs < forMs) return `generation ${generation} was promoted after ${longestMs} ms`
  const reports = lastReports(generation, decidedAtMs - toleranceMs - READ_BEFORE_MS, told)
  const requests = reports.reduce((sum, one) => sum + one.requests, 0)
  const refusals = reports.reduce((sum, one) => sum + one.refusals, 0)
  if (refusals < REFUSALS_MAX || refusals <= refusalsMaxRatio * requests) return null
  return `generation ${generation} was promoted after ${refusals} refusals of ${requests}`
}

/** The last word of every replica that was a member then. */
function lastReports(generation: number, atMs: number, { said, gone }: Told) {
  const last = new Map<string, RolloutReport>()
  for (const one of said) {
    if (one.atMs > atMs || one.rollout?.generation !== generation) continue
    last.set(one.instance, one.rollout)
  }
  return [...last].flatMap(([instance, report]) =>
    (gone.get(instance) ?? Infinity) < atMs + 2 * READ_BEFORE_MS ? [] : [report],
  )
}

function isOf({ rollout }: MemberEvent, generation: number): boolean {
  return rollout?.generation === generation
}
