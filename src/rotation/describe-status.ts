import {
  type CredentialRecord,
  type SecretVersion,
  type Stage,
  hasValue,
} from '../kernel/credential.ts'
import { StoreUnavailableError } from '../kernel/errors.ts'
import type { CredentialStatus, VersionStatus } from '../kernel/ports/rotation-control.ts'
import type { RotationState } from '../kernel/ports/telemetry.ts'
import type { RotatorDeps } from './context.ts'
import { rolloutStatus } from './rollout.ts'
import { type Roster, readRoster } from './roster.ts'

type Staged = readonly [Stage, SecretVersion]

/** What a process knows while the store is away. */
interface Known {
  readonly record: CredentialRecord | null
  readonly roster: Roster
}

/**
 * Reads what is stored and what the replicas report, and describes it; what was known last while the store is away.
 * @throws StoreUnavailableError nothing is stored, or known, yet
 */
export async function readStatus(
  { store, credentialId, providerName }: RotatorDeps,
  known: Known,
  reason: string | null,
): Promise<CredentialStatus> {
  try {
    const stored = await store.read(credentialId)
    const record = stored?.record ?? known.record
    if (record === null) throw new StoreUnavailableError('nothing is stored yet')
    return describeStatus(record, await readRoster(store, credentialId), providerName, reason)
  } catch (error) {
    if (known.record === null || !(error instanceof StoreUnavailableError)) throw error
    return describeStatus(known.record, known.roster, providerName, 'store-unavailable')
  }
}

/** What people and machines see of a credential. No values. */
function describeStatus(
  record: CredentialRecord,
  roster: Roster,
  providerName: string,
  reason: string | null,
): CredentialStatus {
  const rollout = rolloutStatus(record, roster.members)
  return {
    id: record.credentialId,
    provider: providerName,
    phase: record.phase,
    reason: record.blocked?.reason ?? reason,
    blocked: record.blocked,
    paused: record.paused,
    versions: stagedVersions(record).map((version) => describeVersion(version, roster)),
    ...(rollout !== null && { rollout }),
    lastRotationAtMs: record.lastRotationAtMs,
    nextRotationAtMs: record.nextRotationAtMs,
  }
}

function describeVersion([stage, version]: Staged, { members, goneUses }: Roster): VersionStatus {
  const told = [goneUses, ...members.map(({ lastUse }) => lastUse)]
  const uses = told.flatMap((lastUse) => lastUse[version.generation] ?? [])
  return {
    stage,
    id: version.secretId,
    fingerprint: version.fingerprint,
    createdAtMs: version.createdAtMs,
    lastUsedAtMs: uses.length === 0 ? null : Math.max(...uses),
  }
}

/** The same for metrics. */
export function describeState(record: CredentialRecord, reason: string | null): RotationState {
  return {
    credentialId: record.credentialId,
    phase: record.phase,
    reason: record.blocked?.reason ?? reason,
    blocked: record.blocked !== null,
    lastRotationAtMs: record.lastRotationAtMs,
    nextRotationAtMs: record.nextRotationAtMs,
    versions: stagedVersions(record).map(([stage, { createdAtMs }]) => ({ stage, createdAtMs })),
  }
}

function stagedVersions({ current, pending, previous }: CredentialRecord): readonly Staged[] {
  const versions: Staged[] = hasValue(current) ? [['current', current]] : []
  if (pending !== null) versions.push(['pending', pending])
  if (previous !== null) versions.push(['previous', previous])
  return versions
}
