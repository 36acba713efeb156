import { type CredentialRecord, type PendingVersion, hasValue } from '../kernel/credential.ts'
import { CommandRefusedError } from '../kernel/errors.ts'
import type { RotationCommand } from '../kernel/ports/rotation-control.ts'
import { buryTombstone } from './abort-version.ts'
import type { Steering } from './commands.ts'
import type { RotatorDeps } from './context.ts'
import { listedIds } from './revoke-by-hand.ts'

type Adoption = Extract<RotationCommand, { kind: 'adopt' }>

/**
 * Takes over a secret that the provider lists and whose value the operator knows. The value of
 * current only gives current its id; another one becomes the candidate, and has to prove itself
 * like any other.
 * @throws CommandRefusedError `command-refused`
 */
export async function adoptSecret(
  deps: RotatorDeps,
  { record, nowMs }: Steering,
  { secretId, secret }: Adoption,
): Promise<CredentialRecord> {
  const { signal } = new AbortController()
  const verdict = await deps.provider.verify(secret, signal)
  if (verdict.kind !== 'accepted') {
    throw new CommandRefusedError('the provider does not accept this value')
  }
  const ids = await listedIds(deps, { account: deps.account, secret }, record)
  if (!ids.includes(secretId)) throw new CommandRefusedError('the account lists no such secret')
  if (secret.equals(record.current.value)) {
    return { ...record, current: { ...record.current, secretId }, blocked: null }
  }
  return { ...asCandidate(deps, record, { secretId, secret, nowMs, ids }), blocked: null }
}

interface Found {
  readonly secretId: string
  readonly secret: Adoption['secret']
  readonly nowMs: number
  readonly ids: readonly string[]
}

function asCandidate(
  deps: RotatorDeps,
  record: CredentialRecord,
  { secretId, secret, nowMs, ids }: Found,
): CredentialRecord {
  const free = record.phase === 'idle' || record.phase === 'prepared'
  if (!free && record.blocked?.reason !== 'no-working-secret') {
    throw new CommandRefusedError(`both slots are known in phase ${record.phase}; nothing to adopt`)
  }
  const generation = record.lastGeneration + 1
  const pending: PendingVersion = {
    generation,
    value: secret,
    secretId,
    fingerprint: deps.fingerprint(secret),
    createdAtMs: nowMs,
    idsBefore: [],
    attempts: 1,
    firstSeenAtMs: nowMs,
    probesPassed: 0,
  }
  // What gives way is remembered: its create may still be on its way.
  const leaving = [record.pending, record.previous].filter((version) => version !== null)
  const tombstones = leaving.reduce(
    (all, version) => buryTombstone(all, version, 'superseded', version.secretId, nowMs),
    record.tombstones,
  )
  return {
    ...record,
    phase: 'created',
    lastGeneration: generation,
    current: { ...record.current, secretId: currentId(record, secretId, ids) },
    pending,
    previous: null,
    tombstones,
    absentSinceMs: null,
  }
}

/** With exactly two ids and the other one proven, the remaining one is current's. */
function currentId(
  { current }: CredentialRecord,
  adoptedId: string,
  ids: readonly string[],
): string | null {
  if (!hasValue(current)) return null
  if (current.secretId !== null && current.secretId !== adoptedId) return current.secretId
  const [other, ...more] = ids.filter((id) => id !== adoptedId)
  return other !== undefined && more.length === 0 ? other : null
}
