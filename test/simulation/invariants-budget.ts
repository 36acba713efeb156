import type { Check } from './check-history.ts'
import type { HistoryEvent } from './history.ts'
import { broken } from './invariants-account.ts'

/** What is asked this shortly before a rotation begins belongs to it, in milliseconds. */
const BEFORE_MS = 5_000
const HOUR_MS = 3_600_000

/** How many calls to the secret-management API are allowed; probes are counted apart. */
export interface Budget {
  readonly restingPhase: string
  readonly perRotationMax: number
  readonly perHourMax: number
}

/** The calls to the secret-management API stay within their budget, by the rotation and by the hour. */
export const checkBudget: Check = ({ events }, { budget }) => {
  if (budget === null) return []
  const { restingPhase, perRotationMax, perHourMax } = budget
  const most = Math.max(0, ...managementCalls(events, restingPhase))
  const found =
    most > perRotationMax ? [broken('budget', 0, `a rotation made ${most} management calls`)] : []
  const calls = events.filter(isManagement).map(({ atMs }) => atMs)
  const storm = calls.findIndex(
    (atMs, index) => atMs - (calls[index - perHourMax] ?? -Infinity) < HOUR_MS,
  )
  if (storm < 0) return found
  const detail = `more than ${perHourMax} management calls within an hour`
  return [...found, broken('budget', calls[storm] ?? 0, detail)]
}

function isManagement(event: HistoryEvent): boolean {
  return event.kind === 'call' && event.operation !== 'verify'
}

/** The calls of each rotation: from a rest to the next, if a version was promoted in between. */
export function managementCalls(
  events: readonly HistoryEvent[],
  resting: string,
): readonly number[] {
  const perRotation: number[] = []
  let atRest = false
  let lately: number[] = []
  let calls = 0
  let promoted = false
  let generation = 0
  for (const event of events) {
    if (isManagement(event)) {
      if (atRest) lately.push(event.atMs)
      else calls++
    }
    if (event.kind !== 'record') continue
    const { phase, current } = event.record
    promoted ||= generation > 0 && current.generation > generation
    generation = current.generation
    if (atRest && phase !== resting)
      calls = lately.filter((at) => at > event.atMs - BEFORE_MS).length
    if (!atRest && phase === resting && promoted) {
      perRotation.push(calls)
      promoted = false
    }
    atRest = phase === resting
    if (atRest) lately = []
  }
  return perRotation
}
