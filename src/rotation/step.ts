import type { BlockedReason } from '../kernel/credential.ts'
import type { CallHold } from './observation.ts'
import type { LateCreate } from './reconcile.ts'
import type { DueReason } from './schedule.ts'

/** What a rotation waits for. Seen in `status`, logs and metrics. */
export type WaitReason =
  | 'not-due'
  | 'paused'
  | 'blocked'
  | 'blackout'
  | 'window-closed'
  | 'bootstrap-consent'
  | 'drain'
  | 'previous-in-use'
  | 'ack-barrier'
  | 'preposition-barrier'
  | 'staged-promotion'
  | 'propagation'
  | 'proving'
  | 'create-unknown'
  | 'list-unsettled'
  | 'revoke-settling'
  | 'probe-inconclusive'
  | 'backing-off'
  | 'others-first'
  | CallHold

/** Why something is looked at. */
export type LookReason = 'drift' | 'prove' | 'confirm-revoke' | 'before-create'

/** Why a candidate is given up. */
export type AbortReason =
  | 'propagation-timeout'
  | 'standby-refused'
  | 'standby-absent'
  | 'standby-unwanted'
  | 'compromised'
  | 'late-create'
  | 'create-doubled'
  | 'rollout-refused'
  | 'operator'
  | 'demoted'

export type PromoteReason = DueReason | 'current-dead' | 'first-secret'

/** What the plan decides, and why. Everything but waiting and looking moves the record. */
export type Step =
  | { readonly kind: 'wait'; readonly untilMs: number; readonly reason: WaitReason }
  | { readonly kind: 'list'; readonly reason: LookReason }
  | { readonly kind: 'probe'; readonly generation: number; readonly reason: LookReason }
  | {
      readonly kind: 'block'
      readonly reason: BlockedReason
      readonly detail: string
    }
  | { readonly kind: 'unblock'; readonly reason: 'healed' }
  | { readonly kind: 'restamp'; readonly reason: 'clock-ahead' }
  | {
      readonly kind: 'bind-current'
      readonly secretId: string
      readonly reason: 'single-id' | 'elimination'
    }
  | {
      readonly kind: 'bind-previous'
      /** Null: the one that it has is not its own. */
      readonly secretId: string | null
      readonly reason: 'elimination' | 'refused-though-listed'
    }
  | { readonly kind: 'prepare'; readonly reason: 'standby' | 'first-secret' | DueReason }
  | { readonly kind: 'create'; readonly reason: 'intent-saved' }
  | { readonly kind: 'resend'; readonly reason: 'create-absent' }
  | { readonly kind: 'sight'; readonly reason: 'new-id' }
  | {
      readonly kind: 'bind-pending'
      readonly secretId: string
      readonly reason: 'answer-lost' | 'elimination'
    }
  | { readonly kind: 'verify'; readonly reason: 'proven' }
  | { readonly kind: 'stage'; readonly reason: 'prepositioned' | 'emergency' | 'current-dead' }
  | { readonly kind: 'roll-out'; readonly reason: DueReason }
  | { readonly kind: 'promote'; readonly reason: PromoteReason }
  | { readonly kind: 'demote'; readonly reason: 'current-refused' }
  | { readonly kind: 'retire'; readonly reason: 'drained' | 'emergency' | 'previous-gone' }
  | { readonly kind: 'revoke'; readonly reason: 'retiring' | 'aborting' }
  | { readonly kind: 'revoke-again'; readonly reason: 'still-listed' | 'still-accepted' }
  | { readonly kind: 'gone'; readonly reason: 'absent' }
  | { readonly kind: 'finish'; readonly reason: 'revoked' }
  | { readonly kind: 'abort'; readonly reason: AbortReason }
  | { readonly kind: 'abort-late'; readonly late: LateCreate; readonly reason: 'late-create' }
  | {
      readonly kind: 'bury'
      readonly reason:
        'candidate-rejected' | 'slot-taken' | 'aborted' | 'never-created' | 'revoke-unproven'
    }

/** Every reason word that a look can end with. */
export type Reason =
  | WaitReason
  | BlockedReason
  | 'lease-held-elsewhere'
  | 'store-unavailable'
  | 'store-unreadable'
  | 'store-conflict'
  | 'no-secret'
  | 'steps-spent'
  | 'stopping'
