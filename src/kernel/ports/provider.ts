import type { SecretValue } from '../secret-value.ts'

/** How a provider's secrets come and go; `docs/glossary.md` explains the shapes. */
export interface ProviderTraits {
  /** `list`: create and revoke by id; `promote`: a secondary is promoted, which revokes the old one. */
  readonly model: 'list' | 'promote'
  /** Who chooses the value. `either` is treated as `client`: a lost answer is then a solved case. */
  readonly valueSource: 'client' | 'server' | 'either'
  readonly secretsMin: number
  readonly secretsMax: number
  /** A secret must be deactivated before it can be deleted. */
  readonly deactivateBeforeRevoke: boolean
  /** Whether the account's own secret may manage the account's secrets. */
  readonly selfManaged: boolean
  /** After this a created secret that is still refused is given up, in milliseconds. */
  readonly propagationMaxMs: number
  readonly valueRule: ValueRule
  /**
   * Only in the `promote` model: what its two places are called, since nothing lists them. A created secret is in
   * `secondary`, which alone can be revoked by its id; a promotion moves it to `primary` and ends what was there.
   */
  readonly slots?: { readonly primary: string; readonly secondary: string }
}

/** What a generated value looks like: `length` characters of `alphabet`, at least one of each class. */
export interface ValueRule {
  readonly length: number
  readonly alphabet: string
  readonly classes: readonly string[]
}

/** Who authenticates a management call. For a secondary account it is the primary. */
export interface ManagementAuth {
  readonly account: string
  readonly secret: SecretValue
}

export interface ListedSecret {
  readonly secretId: string
  /** The provider's clock; for display, and to doubt an attribution, never to make one. 0 where it is not told. */
  readonly createdAtMs: number
  readonly active: boolean
}

/** Answers that any call may give. `unavailable`: timeout, lost connection, 5xx; the call may have happened. */
export type ProviderFailure =
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'account-not-found' }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
  | { readonly kind: 'unavailable' }

export type ListAnswer =
  { readonly kind: 'listed'; readonly secrets: readonly ListedSecret[] } | ProviderFailure

export type CreateAnswer =
  | {
      readonly kind: 'created'
      readonly secretId: string
      /** Where the server chose it, else null. */
      readonly value: SecretValue | null
    }
  | { readonly kind: 'slots-full' }
  /** Refused by the value's rule, or because the account has it already. */
  | { readonly kind: 'invalid-value' }
  | ProviderFailure

export type RevokeAnswer =
  | { readonly kind: 'revoked' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'last-secret' }
  | ProviderFailure

export type PromoteAnswer =
  { readonly kind: 'promoted' } | { readonly kind: 'absent' } | ProviderFailure

/** Tri-state: a 429, a 5xx or a timeout is not a rejection. Accepted means accepted by every service that is asked. */
export type VerifyAnswer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly service: string }
  | {
      readonly kind: 'inconclusive'
      readonly service: string
      readonly retryAfterMs: number | null
    }

/**
 * Issues and revokes the secrets of one account. Expected outcomes are answers, never exceptions; an aborted signal
 * gives `unavailable` or `inconclusive`. Every implementation passes `test/contract/provider.ts`.
 */
export interface Provider {
  readonly traits: ProviderTraits
  /** Not called in the `promote` model, which has none: there it answers `forbidden`. */
  list(auth: ManagementAuth, signal: AbortSignal): Promise<ListAnswer>
  /** `value` is null where the server chooses it. */
  create(
    auth: ManagementAuth,
    value: SecretValue | null,
    signal: AbortSignal,
  ): Promise<CreateAnswer>
  /** Deactivates first where that is needed. */
  revoke(auth: ManagementAuth, secretId: string, signal: AbortSignal): Promise<RevokeAnswer>
  /** Only in the `promote` model, authenticated with the secondary. */
  promote?(auth: ManagementAuth, signal: AbortSignal): Promise<PromoteAnswer>
  /** Authenticates with `value` at each service of the provider, without side effects. */
  verify(value: SecretValue, signal: AbortSignal): Promise<VerifyAnswer>
}
