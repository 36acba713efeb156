import { hasValue } from '../kernel/credential.ts'
import { CANDIDATES_MAX } from '../kernel/limits.ts'
import { block } from './blocked.ts'
import { rejectedInARow } from './facts.ts'
import { hasSettled } from './observation.ts'
import type { Step } from './step.ts'
import { LIST_FRESH_MS } from './timing.ts'
import { type View, prove, wait } from './view.ts'

/**
 * The first secret of an account that another one manages: made like any candidate, and current as
 * soon as it is proven. Null where the plan is the one of every rotation: there is a current, or the
 * candidate has to come into being and to prove itself first.
 *   idle → prepared → created → verified → idle
 */
export function planFirst(v: View): Step | null {
  const { current, phase } = v.record
  if (hasValue(current)) return null
  if (phase === 'idle') return planNone(v)
  return phase === 'verified' ? planProven(v) : null
}

/** idle: nothing serves. → prepared; what was there before is not ours, and stays. */
function planNone(v: View): Step {
  const { record, belief, seen, traits, nowMs } = v
  if (belief.late !== null) return { kind: 'abort-late', late: belief.late, reason: 'late-create' }
  if (rejectedInARow(record) >= CANDIDATES_MAX) return block('candidate-rejected')
  if (belief.listed !== null && belief.listed.length >= traits.secretsMax) {
    const settled = hasSettled(seen, belief.unknownIds)
    return settled ? block('slot-full-foreign') : wait(v, 'list-unsettled')
  }
  if (seen.list === null || nowMs - seen.list.atMs > LIST_FRESH_MS) {
    return { kind: 'list', reason: 'before-create' }
  }
  return { kind: 'prepare', reason: 'first-secret' }
}

/** verified: offered to requests already. → idle (it is current), → aborting */
function planProven(v: View): Step {
  if (v.belief.pending === 'dead') return { kind: 'abort', reason: 'standby-refused' }
  const proof = prove(v, v.record.pending?.generation ?? 0)
  return proof ?? { kind: 'promote', reason: 'first-secret' }
}
