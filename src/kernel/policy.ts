/** When and how a credential rotates; from `rotation:` in the configuration. */
export interface RotationPolicy {
  /** Age at which `current` is due, in milliseconds. Above 0; default 30 days; `check` warns below a minute. */
  readonly everyMs: number
  /** Share of `everyMs` by which each rotation is moved earlier or later at random. 0 to 0.5; default 0.1. */
  readonly jitterRatio: number
  /**
   * How long `previous` must have been unused, by every replica, before it is revoked, in milliseconds. Above 0, at
   * most 7 days; default 1 hour; `check` warns below a minute, since a slow replica may still serve the old version.
   */
  readonly drainMs: number
  /** `hot` (default) keeps a fresh, verified, unused second secret live between rotations; `none` keeps the slot free. */
  readonly standby: 'hot' | 'none'
  /**
   * Whether the first rotation may revoke the secret of the configuration: `confirm` (default) waits for the operator,
   * since apps outside Sidekey, SIP and SMPP may still use it; `auto` does not.
   */
  readonly revokeBootstrap: 'confirm' | 'auto'
  /** Silence of a registered replica after which `member-silent` is raised, in milliseconds; default 5 minutes. */
  readonly memberSilentMs: number
  /**
   * Promotions and revocations happen only inside one of these, but for a candidate that is given up; empty: at any time.
   * Emergencies ignore them.
   */
  readonly windows: readonly TimeWindow[]
  /** No promotion and no revocation inside these. Emergencies ignore them. */
  readonly blackouts: readonly Blackout[]
  /** Before a promotion, only a share of the requests starts with the new version. Absent: all move at once. */
  readonly stagedPromotion?: StagedPromotion
}

/**
 * A new version first gets a share of the requests, for a while, and is given up when it is refused too often. Nothing is
 * revoked meanwhile. Emergencies, and a current version that no longer works, skip it.
 */
export interface StagedPromotion {
  /** Above 0, at most 0.5; default 0.1. */
  readonly share: number
  /** How long a replica has to watch it, in milliseconds. Above 0, at most 1 day; default 10 minutes. */
  readonly forMs: number
  /** Refused requests per request above which it is given up. 0 to 0.5; default 0.01. */
  readonly refusalsMaxRatio: number
}

/** A weekly window in UTC. */
export interface TimeWindow {
  /** 0 is Sunday; empty: every day. */
  readonly days: readonly number[]
  /** Minutes since midnight, UTC; a window whose end is not after its start ends on the next day. */
  readonly startMinute: number
  readonly endMinute: number
}

/** From an instant to another, wall clock. */
export interface Blackout {
  readonly fromMs: number
  readonly untilMs: number
}
