import type { Check, Violation } from './check-history.ts'
import type { RecordedRecord } from './history.ts'
import { broken } from './invariants-account.ts'
import { EPOCH_MS } from './world/sim-process.ts'

/**
 * The calendar: nothing is promoted during a blackout, but for an emergency, or where a probe has found current refused;
 * and nothing is revoked, but for an emergency. Instants at the edges count for neither side, since clocks differ.
 */
export const checkBlackouts: Check = ({ events }, { blackouts, toleranceMs }) => {
  const violations: Violation[] = []
  const asked = new Map<number, string | null>()
  const refused = new Set<string>()
  let before: RecordedRecord | null = null
  const isInside = (atMs: number): boolean =>
    blackouts.some(
      ({ fromMs, untilMs }) =>
        fromMs - EPOCH_MS + toleranceMs <= atMs && atMs < untilMs - EPOCH_MS - toleranceMs,
    )
  for (const event of events) {
    if (event.kind === 'call') {
      asked.set(event.call, event.value)
      const isRevoke = event.operation === 'revoke' && before?.emergency !== true
      if (!isRevoke || !isInside(event.atMs)) continue
      const detail = `${event.secretId} was revoked during a blackout`
      violations.push(broken('blackout', event.atMs, detail))
    }
    if (event.kind === 'answer' && event.operation === 'verify') {
      const value = asked.get(event.call) ?? ''
      if (event.answer === 'refused') refused.add(value)
      if (event.answer === 'accepted') refused.delete(value)
    }
    if (event.kind !== 'record') continue
    const { record } = event
    const promoted = before !== null && record.current.generation > before.current.generation
    const excused =
      record.emergency || before?.emergency || refused.has(before?.current.value ?? '')
    // When it was decided: the write itself may have been late.
    const atMs = record.promotedAtMs ?? event.atMs
    if (promoted && !excused && isInside(atMs)) {
      const detail = `generation ${record.current.generation} was promoted during a blackout`
      violations.push(broken('blackout', event.atMs, detail))
    }
    before = record
  }
  return violations
}
