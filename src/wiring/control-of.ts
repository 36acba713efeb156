import type { CredentialUnit } from './credential-unit.ts'
import { CommandRefusedError } from '../kernel/errors.ts'
import type {
  CredentialStatus,
  RotationControl,
  RotationPreview,
  SecretInspector,
} from '../kernel/ports/rotation-control.ts'
import type { UseLedger, VersionUse } from './use-ledger.ts'

/** What the admin API sees: the credentials that Sidekey rotates, and those that somebody else does. */
export function controlOf(
  units: () => ReadonlyMap<string, CredentialUnit>,
  rotating: () => RotationControl,
  uses: UseLedger,
  usesElsewhere: () => Promise<readonly VersionUse[]>,
): RotationControl & RotationPreview & SecretInspector {
  const statusOf = async (credentialId: string): Promise<CredentialStatus | null> => {
    const unit = units().get(credentialId)
    if (unit === undefined) return null
    return unit.rotator === null ? watchedStatus(unit, uses) : rotating().get(credentialId)
  }
  return {
    get: async (credentialId) => {
      uses.learn(await usesElsewhere())
      return statusOf(credentialId)
    },
    list: async () => {
      uses.learn(await usesElsewhere())
      const all = await Promise.all([...units().keys()].map(statusOf))
      return all.filter((status) => status !== null)
    },
    command: async (credentialId, command) => {
      if (units().get(credentialId)?.rotator === null) throw refuseWatched(credentialId)
      return rotating().command(credentialId, command)
    },
    dryRun: async (credentialId, emergency) => {
      const preview = units().get(credentialId)?.dryRun ?? null
      if (preview === null) throw refuseWatched(credentialId)
      return preview(emergency)
    },
    secrets: async (credentialId, verify) => {
      const inspect = units().get(credentialId)?.secrets ?? null
      if (inspect === null) throw refuseWatched(credentialId)
      return inspect(verify)
    },
  }
}

function refuseWatched(credentialId: string): CommandRefusedError {
  return new CommandRefusedError(
    `${credentialId} is rotated by somebody else; change its secret at the source`,
  )
}

async function watchedStatus(
  { config, source }: CredentialUnit,
  uses: UseLedger,
): Promise<CredentialStatus> {
  const versions = await source.load().then(
    (loaded) => loaded.versions,
    () => [],
  )
  return {
    id: config.id,
    provider: config.providerName,
    phase: 'static',
    reason: versions.length === 0 ? 'secret-missing' : null,
    blocked: null,
    paused: false,
    versions: versions.map(({ stage, fingerprint, versionId }) => ({
      stage,
      id: null,
      fingerprint,
      createdAtMs: null,
      lastUsedAtMs: uses.lastUsedAtMs(config.id, versionId),
    })),
    lastRotationAtMs: null,
    nextRotationAtMs: null,
  }
}
