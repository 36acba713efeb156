import type {
  AccountSecret,
  CredentialStatus,
  DryRun,
  RolloutStatus,
} from '../kernel/ports/rotation-control.ts'

/** What the admin API says of a credential. Names and shape are a contract: design.md, "Admin port". */
export interface CredentialJson {
  readonly id: string
  readonly provider: string
  readonly phase: string
  readonly reason: string | null
  readonly paused: boolean
  readonly blocked: {
    readonly reason: string
    readonly since: string
    readonly detail: string
  } | null
  readonly versions: readonly VersionJson[]
  /** How far a staged promotion is; null while there is none. */
  readonly rollout: RolloutJson | null
  readonly lastRotationAt: string | null
  readonly nextRotationAt: string | null
}

interface RolloutJson {
  /** Of the requests, 0 to 1. */
  readonly share: number
  readonly since: string
  readonly watchedSeconds: number
  readonly requests: number
  readonly refusals: number
}

interface VersionJson {
  readonly stage: string
  /** The provider's id. */
  readonly id: string | null
  readonly fingerprint: string
  /** Null where nobody knows it: somebody else made it. */
  readonly createdAt: string | null
  readonly lastUsedAt: string | null
}

/** Member by member, so that nothing reaches the API which was not meant to; instants in RFC 3339, UTC. */
export function credentialJson(status: CredentialStatus): CredentialJson {
  const { blocked } = status
  return {
    id: status.id,
    provider: status.provider,
    phase: status.phase,
    reason: status.reason,
    paused: status.paused,
    blocked: blocked && {
      reason: blocked.reason,
      since: rfc3339(blocked.sinceMs),
      detail: blocked.detail,
    },
    versions: status.versions.map((version) => ({
      stage: version.stage,
      id: version.id,
      fingerprint: version.fingerprint,
      createdAt: rfc3339OrNull(version.createdAtMs),
      lastUsedAt: rfc3339OrNull(version.lastUsedAtMs),
    })),
    rollout: rolloutJson(status.rollout ?? null),
    lastRotationAt: rfc3339OrNull(status.lastRotationAtMs),
    nextRotationAt: rfc3339OrNull(status.nextRotationAtMs),
  }
}

function rolloutJson(rollout: RolloutStatus | null): RolloutJson | null {
  if (rollout === null) return null
  const { share, sinceMs, watchedMs, requests, refusals } = rollout
  const watchedSeconds = Math.floor(watchedMs / 1_000)
  return { share, since: rfc3339(sinceMs), watchedSeconds, requests, refusals }
}

/** One of an account's secrets at the provider. */
export function accountSecretJson({ id, createdAtMs, active, stage, verdict }: AccountSecret) {
  return { id, createdAt: rfc3339OrNull(createdAtMs), active, stage, verdict }
}

/** What a rotation would do now; durations in seconds. */
export function dryRunJson({ steps, stopsFor }: DryRun) {
  return {
    steps: steps.map(({ afterMs, phase, step, reason, secret, forMs }) => ({
      afterSeconds: afterMs / 1_000,
      phase,
      step,
      reason,
      secret,
      forSeconds: forMs / 1_000,
    })),
    stopsFor,
  }
}

function rfc3339(atMs: number): string {
  return new Date(atMs).toISOString()
}

function rfc3339OrNull(atMs: number | null): string | null {
  return atMs === null ? null : rfc3339(atMs)
}
