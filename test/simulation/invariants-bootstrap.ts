import type { Check, Violation } from './check-history.ts'
import type { RecordedRecord } from './history.ts'
import { broken } from './invariants-account.ts'

/**
 * The secret of the configuration may be used by apps that nobody here sees: where the operator has to confirm it, it is
 * revoked only with the consent in the record, or in an emergency.
 */
export const checkBootstrap: Check = ({ events }, { revokeBootstrap }) => {
  if (revokeBootstrap === 'auto') return []
  const violations: Violation[] = []
  let bootstrapId: string | null = null
  let record: RecordedRecord | null = null
  for (const event of events) {
    if (event.kind === 'created' && event.by === 'bootstrap') bootstrapId = event.secretId
    // What somebody else has ended is only tidied away.
    if (event.kind === 'revoked' && event.secretId === bootstrapId) bootstrapId = null
    if (event.kind === 'record') record = event.record
    if (event.kind !== 'call' || event.operation !== 'revoke') continue
    if (event.secretId !== bootstrapId || record?.consented || record?.emergency) continue
    violations.push(broken('consent', event.atMs, `${bootstrapId} was revoked without consent`))
  }
  return violations
}
