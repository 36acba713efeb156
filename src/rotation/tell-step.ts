import type { CredentialRecord } from '../kernel/credential.ts'
import type { RotatorDeps } from './context.ts'
import type { Reason, Step } from './step.ts'

/** Tells people and metrics what was decided, and why: the same words as in the code. */
export function tellStep(
  { credentialId, log, telemetry }: RotatorDeps,
  record: CredentialRecord,
  step: Step,
  lastReason: Reason | null,
): void {
  const fields = {
    credential: credentialId,
    phase: record.phase,
    step: step.kind,
    reason: step.reason,
  }
  if (step.kind === 'wait') {
    if (step.reason !== lastReason) log.debug('rotation waits', fields)
    return
  }
  if (step.kind === 'list' || step.kind === 'probe') return log.debug('rotation looks', fields)
  const result = RESULTS[step.kind]
  if (result !== undefined) telemetry.rotation(credentialId, result)
  if (step.kind === 'block') log.error('rotation blocked', { ...fields, detail: step.detail })
  else if (result === 'aborted' || result === 'demoted') log.warn('rotation step', fields)
  else log.info('rotation step', fields)
}

const RESULTS: Readonly<
  Partial<Record<Step['kind'], 'succeeded' | 'aborted' | 'demoted' | 'blocked'>>
> = { finish: 'succeeded', bury: 'aborted', demote: 'demoted', block: 'blocked' }
