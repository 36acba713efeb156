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
  switch (step.kind) {
    case 'wait':
      if (step.reason !== lastReason) log.debug('rotation waits', fields)
      return
    case 'list':
    case 'probe':
      return log.debug('rotation looks', fields)
    case 'block':
      telemetry.rotation(credentialId, 'blocked')
      return log.error('rotation blocked', { ...fields, detail: step.detail })
    case 'demote':
      telemetry.rotation(credentialId, 'demoted')
      return log.warn('rotation step', fields)
    case 'bury':
      telemetry.rotation(credentialId, 'aborted')
      return log.warn('rotation step', fields)
    case 'finish':
      telemetry.rotation(credentialId, 'succeeded')
      return log.info('rotation step', fields)
    default:
      return log.info('rotation step', fields)
  }
}
