/**
 * The pace of the control plane: intervals, bounds and back-offs, each with its unit and its
 * reason.
 */

/**
 * Refusals in a row after which a version counts as dead: one endpoint's stale cache must not
 * decide.
 */
export const REFUSALS_MAX = 3
/** Between two probes of one version whose verdict is not settled yet. */
export const PROBE_SPACING_MS = 250
/** A verdict this old no longer allows an effect, such as a promotion or a revoke. */
export const PROBE_FRESH_MS = 5_000
/** A version that stays refused is probed ever more rarely: from 1 s to this. */
export const PROBE_POLL_MAX_MS = 5_000
/** Longest time between two probes of a revoked version that is still accepted, while that does not last long. */
export const REVOKED_PROBE_MAX_MS = 30_000
/**
 * While nothing happens, live versions are probed and the list is read this often, to find drift.
 */
export const DRIFT_MS = 600_000
/**
 * An early look may list at once, but not more often than this: one provider's example allows 30
 * calls an hour.
 */
export const EARLY_LIST_MIN_MS = 60_000
/**
 * A suspicion asks about a version at once; where one follows the other and finds nothing, ever more rarely, but at
 * least this often: one of them may be right.
 */
export const EARLY_PROBE_MAX_MS = 60_000
/**
 * A list that does not show yet what is waited for is read again after this, then after ever
 * longer.
 */
export const LIST_POLL_FIRST_MS = 3_000
/**
 * How long to wait before asking again for something that has lasted for `lastedMs`: `pauseMs`, and a tenth of that time
 * once it is longer, at most `DRIFT_MS`. So an outage of hours is no storm of calls, and its end is found within a tenth
 * of its length.
 */
export function patientMs(pauseMs: number, lastedMs: number): number {
  return Math.max(pauseMs, Math.min(lastedMs / 10, DRIFT_MS))
}
/** Age up to which a list allows the next candidate to be prepared. */
export const LIST_FRESH_MS = 5_000
/** Back-off of management calls that failed, doubling. */
export const CALL_RETRY_FIRST_MS = 1_000
export const CALL_RETRY_MAX_MS = 30_000
/** Longest back-off of a create whose outcome is unknown, while it is not unknown for long. */
export const RESEND_MAX_MS = 60_000
/** A refused management call says that somebody must act; asking more often would not help. */
export const CALL_REFUSED_RETRY_MS = 30_000
/** Back-off of a probe without a verdict, doubling. */
export const PROBE_RETRY_FIRST_MS = 1_000
export const PROBE_RETRY_MAX_MS = 30_000
/** A secret that nobody can use, and that was made this soon after a create call, is the call's. */
export const ORPHAN_WINDOW_MS = 120_000
/** Back-off after an abandoned candidate, doubling with each one of the last hour. */
export const ABORT_BACKOFF_FIRST_MS = 2_000
export const ABORT_BACKOFF_MAX_MS = 600_000
export const ABORT_BACKOFF_MEMORY_MS = 3_600_000
/** Steps of one look; more would be a loop. */
export const LOOK_STEPS_MAX = 48
/** Longest time between two looks of the only replica. */
export const REST_LOOK_MS = 60_000
/**
 * The lease is renewed this often; a waiting replica tries to take it this often. A third of its
 * time to live.
 */
export const LEASE_RENEW_MS = 5_000
/**
 * Between two rotations that begin in one process, whatever their credentials; jittered up to
 * `ROTATION_SPACING_JITTER_MS` more. Two per second at most, delays on the way to the provider included.
 */
export const ROTATION_SPACING_MS = 600
export const ROTATION_SPACING_JITTER_MS = 250
/** A turn that is not taken for this long is given up: the next ones have passed. */
export const ROTATION_TURN_MS = 2_000
/**
 * Looks per second at credentials that have nothing to do, over all of a process: each costs
 * reads of the store, and now and then calls of the provider.
 */
export const REST_LOOKS_PER_SECOND = 20
/** After a store that can't be reached. */
export const STORE_RETRY_MS = 2_000
/** How often they are read while a share of the requests tries a new version. */
export const ROLLOUT_POLL_MS = 5_000
/** A report on a staged promotion counts for this long: what came later is not known. */
export const ROLLOUT_REPORT_MAX_MS = 10_000
/** How often members' reports are read while a barrier waits for them. */
export const BARRIER_POLL_MS = 1_000
/**
 * Instants of a record further ahead than this come from another clock and are moved back to now.
 */
export const CLOCK_SKEW_MAX_MS = 10_000
/** A wall clock that is set ahead by more than this makes what was seen seem older than it is. */
export const CLOCK_STEP_MAX_MS = 1_000
/** How often a closed window is looked at again. */
export const WINDOW_POLL_MS = 30_000
/**
 * A created secret that is refused for longer than this is looked up in the list: it may be gone
 * already.
 */
export const REFUSED_LIST_MS = 10_000
/**
 * Longest time between two lists while the outcome of a create is unknown and nothing is blocked.
 */
export const UNKNOWN_LIST_MAX_MS = 15_000
