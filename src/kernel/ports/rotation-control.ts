import type { BlockedReason, Phase, Stage } from '../credential.ts'
import type { SecretValue } from '../secret-value.ts'

/** What an operator may call leaked: what serves requests, the standby, or both. */
export type Leakable = 'current' | 'pending'

/** What an operator may ask of one credential's rotation. */
export type RotationCommand =
  | {
      readonly kind: 'rotate'
      readonly emergency: boolean
      /** What leaked, in an emergency. Default: what serves requests. */
      readonly compromised?: readonly Leakable[]
    }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'abort' }
  | { readonly kind: 'retry' }
  /** Makes the first secret of an account that another one manages; refused where there is one. */
  | { readonly kind: 'create' }
  /** Tells Sidekey the value of a secret that the provider already lists. */
  | { readonly kind: 'adopt'; readonly secretId: string; readonly secret: SecretValue }
  /** Ends a secret at the provider by its id; the consent for the first revoke is given this way too. */
  | { readonly kind: 'revoke'; readonly secretId: string }

export interface VersionStatus {
  readonly stage: Stage
  /** The provider's id; null while it is not known. */
  readonly id: string | null
  readonly fingerprint: string
  /** When it was made; null where nobody says. */
  readonly createdAtMs: number | null
  readonly lastUsedAtMs: number | null
}

/** A staged promotion, summed over the replicas. */
export interface RolloutStatus {
  /** Share of the requests that start with the pending version, above 0. */
  readonly share: number
  readonly sinceMs: number
  /** For how long the replica that has watched it for longest has done so, in milliseconds. */
  readonly watchedMs: number
  readonly requests: number
  /** Requests that were refused with the pending version, and taken with another. */
  readonly refusals: number
}

/** What people and machines see of a credential. No values. */
export interface CredentialStatus {
  readonly id: string
  readonly provider: string
  /** `static`: somebody else rotates it. */
  readonly phase: Phase | 'static'
  /** The reason word of the last decision, such as `not-due` or `bootstrap-consent`. */
  readonly reason: string | null
  readonly blocked: {
    readonly reason: BlockedReason
    readonly sinceMs: number
    readonly detail: string
  } | null
  readonly paused: boolean
  readonly versions: readonly VersionStatus[]
  /** How far a staged promotion is; absent while there is none. */
  readonly rollout?: RolloutStatus
  readonly lastRotationAtMs: number | null
  readonly nextRotationAtMs: number | null
}

/** One of an account's secrets at the provider, beside what Sidekey knows of it. No value. */
export interface AccountSecret {
  /** The provider's; null for a version whose id is not known. */
  readonly id: string | null
  readonly createdAtMs: number | null
  /** False for one that the provider does not list, or lists as deactivated. */
  readonly active: boolean
  /** Null: not made by Sidekey. */
  readonly stage: Stage | null
  /** What the provider says of the value; null where it was not asked, or the value is not known. */
  readonly verdict: 'accepted' | 'refused' | 'inconclusive' | null
}

/** The control plane as the admin API sees it. */
export interface RotationControl {
  list(): Promise<readonly CredentialStatus[]>
  /** Null for an unknown id. */
  get(credentialId: string): Promise<CredentialStatus | null>
  /**
   * Records the wish and returns at once; the rotation carries it out.
   * @throws CommandRefusedError `command-refused` when the phase forbids it
   */
  command(credentialId: string, command: RotationCommand): Promise<CredentialStatus>
}

/** One thing that a rotation would do, or wait for. */
export interface DryRunStep {
  /** Since now, at the earliest, in milliseconds. */
  readonly afterMs: number
  /** Where the rotation is when it decides this. */
  readonly phase: Phase
  /** What it does: a word of the rotation, such as `wait`, `probe`, `create`, `promote`, `revoke`. */
  readonly step: string
  readonly reason: string
  /** The provider's id of the secret that is meant, or its stage; null where none is. */
  readonly secret: string | null
  /** How long it takes at least, in milliseconds; 0 for what happens at once. */
  readonly forMs: number
}

/** What a rotation would do now; nothing was changed. */
export interface DryRun {
  readonly steps: readonly DryRunStep[]
  /** What would end it before it is at rest again; null: nothing, as far as can be seen now. */
  readonly stopsFor: string | null
}

/** Looks ahead, for an operator. */
export interface RotationPreview {
  /**
   * What a rotation would do if it was asked for now. The provider is asked what it lists, and whether it takes each known
   * secret; nothing changes there or in the record.
   * @throws CommandRefusedError `command-refused` nobody rotates it here, or a rotation would be refused
   */
  dryRun(credentialId: string, emergency: boolean): Promise<DryRun>
}

/** An account's secrets at the provider, as an operator sees them. */
export interface SecretInspector {
  /**
   * What the provider lists now, and with `verify` what it says of each known value. Changes nothing.
   * @throws CommandRefusedError `command-refused` nobody manages it here, or the provider gave no list
   */
  secrets(credentialId: string, verify: boolean): Promise<readonly AccountSecret[]>
}
