import type { ReplayOutcome } from '../kernel/ports/telemetry.ts'
import type { Verdict } from './detect-auth-failure.ts'
import type { HeldBody } from './hold-body.ts'

/** Whether a refused request is sent again with the next version; each way to say no has its own word. */
export function decideReplay(input: {
  readonly verdict: Exclude<Verdict, 'accepted'>
  readonly body: HeldBody
  /** Another version that has not been tried for this request. */
  readonly hasNext: boolean
  readonly budgetAllows: boolean
}): ReplayOutcome {
  // Something was processed: sending it again would do it twice.
  if (input.verdict === 'mixed') return 'mixed-results'
  if (!input.hasNext) return 'no-other-version'
  if (input.body.kind === 'streaming' && !input.body.isUntouched()) return input.body.reason
  if (input.body.kind === 'recorded' && !input.body.recording.isWhole) return 'body-too-large'
  if (!input.budgetAllows) return 'budget-spent'
  return 'replayed'
}
