import type { CredentialRecord } from '../kernel/credential.ts'
import type { RotationPolicy } from '../kernel/policy.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { CrashPoint } from '../kernel/ports/crash-point.ts'
import type { Log } from '../kernel/ports/log.ts'
import type { ManagementAuth, Provider } from '../kernel/ports/provider.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { Store } from '../kernel/ports/store.ts'
import type { RotationTelemetry } from '../kernel/ports/telemetry.ts'
import type { SecretValue } from '../kernel/secret-value.ts'
import type { Observation } from './observation.ts'
import type { RotationPace } from './rotation-pace.ts'

/** What the rotation of one credential needs from outside. */
export interface RotatorDeps {
  readonly credentialId: string
  /** The provider's name of the account, such as an API key. */
  readonly account: string
  readonly providerName: string
  readonly policy: RotationPolicy
  readonly provider: Provider
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly telemetry: RotationTelemetry
  readonly crashPoint: CrashPoint
  /** This process's name as lease holder and writer. */
  readonly instance: string
  /**
   * The configuration's secret; used only when nothing is stored yet. Null: the configuration names
   * none, and the manager makes the account's first secret. A secret that is named and can't be read
   * is another matter: it resolves to null.
   */
  readonly bootstrapSecret: (() => Promise<SecretValue | null>) | null
  /** Truncated keyed hash, for people and metrics. */
  readonly fingerprint: (value: SecretValue) => string
  /**
   * The primary's account and its live secret values, first to try first, when the account is
   * `managedBy` another; null: the account manages itself.
   */
  readonly managedBy: (() => Promise<readonly ManagementAuth[]>) | null
  /** Shared by the rotators of a process, so that few rotations begin at once; absent: each begins at will. */
  readonly pace?: RotationPace
  /** Looks that have nothing to do are at least this far apart, ms; it grows with the number of credentials. Default 0. */
  readonly restMinMs?: () => number
}

/** One step's situation: what is stored, what was seen, and the time of the decision. */
export interface Moment {
  readonly record: CredentialRecord
  readonly seen: Observation
  readonly nowMs: number
  readonly signal: AbortSignal
}

/** What a step leaves behind: a record to save when it differs, and what was seen. */
export interface Taken {
  readonly record: CredentialRecord
  readonly seen: Observation
}
