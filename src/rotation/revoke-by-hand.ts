import { type CredentialRecord, hasValue } from '../kernel/credential.ts'
import { CommandRefusedError } from '../kernel/errors.ts'
import type { ManagementAuth } from '../kernel/ports/provider.ts'
import { callProvider } from './call-provider.ts'
import type { Steering } from './commands.ts'
import type { RotatorDeps } from './context.ts'

/**
 * Ends a secret by its id. Ours go the way of the rotation: `previous` gets the consent that its
 * first revoke waits for, a candidate is given up. A foreign one is revoked at once, by the
 * operator's word, authenticated with current, or by the manager while there is no current.
 * @throws CommandRefusedError `command-refused`
 */
export async function revokeByHand(
  deps: RotatorDeps,
  { record }: Steering,
  secretId: string,
): Promise<CredentialRecord> {
  const { current, pending, previous } = record
  if (secretId === current.secretId) {
    throw new CommandRefusedError('this secret serves requests; rotate, then it is revoked')
  }
  if (secretId === previous?.secretId) return { ...record, bootstrapConsent: true }
  if (secretId === pending?.secretId) {
    if (record.phase === 'aborting') return record
    return { ...record, phase: 'aborting', absentSinceMs: null }
  }
  await revokeForeign(deps, record, secretId)
  return record
}

async function revokeForeign(
  deps: RotatorDeps,
  record: CredentialRecord,
  secretId: string,
): Promise<void> {
  const { signal } = new AbortController()
  if (hasValue(record.current)) await requireWorking(deps, record)
  else requireForeign(record, secretId)
  const own = { account: deps.account, secret: record.current.value }
  const ids = await listedIds(deps, own, record)
  if (!ids.includes(secretId)) throw new CommandRefusedError('the account lists no such secret')
  const answer = await callProvider(
    deps,
    'revoke',
    (await deps.managedBy?.()) ?? [own],
    signal,
    (auth, inner) => deps.provider.revoke(auth, secretId, inner),
  )
  if (answer.kind === 'revoked' || answer.kind === 'absent') return
  throw new CommandRefusedError(`the provider did not revoke it: ${answer.kind}`)
}

async function requireWorking(deps: RotatorDeps, { current }: CredentialRecord): Promise<void> {
  if (current.secretId === null) {
    // Without its id, current itself might be hit.
    throw new CommandRefusedError('the id of the current secret is not known yet; adopt it first')
  }
  const verdict = await deps.provider.verify(current.value, new AbortController().signal)
  if (verdict.kind !== 'accepted') {
    throw new CommandRefusedError('the current secret does not work; nothing may be revoked now')
  }
}

/** While the first secret is being made, an id that is new may be its own. */
function requireForeign({ pending }: CredentialRecord, secretId: string): void {
  if (pending === null || pending.idsBefore.includes(secretId)) return
  throw new CommandRefusedError('the first secret is being made, and this may be it; try again')
}

/**
 * Which ids the account has now, authenticated by the primary where there is one.
 * @throws CommandRefusedError the provider gave no list
 */
export async function listedIds(
  deps: RotatorDeps,
  own: ManagementAuth,
  record: CredentialRecord,
): Promise<readonly string[]> {
  const { slots } = deps.provider.traits
  if (slots !== undefined) return [slots.primary, slots.secondary]
  const { signal } = new AbortController()
  const auths = (await deps.managedBy?.()) ?? [
    own,
    { account: deps.account, secret: record.current.value },
  ]
  const answer = await callProvider(deps, 'list', auths, signal, (auth, inner) =>
    deps.provider.list(auth, inner),
  )
  if (answer.kind === 'listed') return answer.secrets.map((listed) => listed.secretId)
  throw new CommandRefusedError(`the provider gave no list: ${answer.kind}`)
}
