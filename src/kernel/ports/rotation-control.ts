import type { BlockedReason, Phase, Stage } from '../credential.ts'
import type { SecretValue } from '../secret-value.ts'

/** What an operator may ask of one credential's rotation. */
export type RotationCommand =
  | { readonly kind: 'rotate'; readonly emergency: boolean }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'abort' }
  | { readonly kind: 'retry' }
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
  readonly lastRotationAtMs: number | null
  readonly nextRotationAtMs: number | null
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
