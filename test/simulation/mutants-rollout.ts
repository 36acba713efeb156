import type { Mutant } from './mutants.ts'

/** Bugs of a staged promotion, and of the calendar. */
export const ROLLOUT_MUTANTS: readonly Mutant[] = [
  {
    name: 'ignores-the-refusal-bound',
    story: 'a staged promotion goes on however often the new version is refused',
    patches: [
      {
        find: `if (stagedPromotion === undefined || status === null || status.refusals === 0) return false`,
        replace: `if (status !== undefined) return false`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'revokes-during-the-stage',
    story: 'something is revoked while a share of the requests tries the new version',
    patches: [
      {
        find: `return wait(v, 'staged-promotion', nowMs + Math.min(leftMs, ROLLOUT_POLL_MS))`,
        replace: `return { kind: 'revoke', reason: 'aborting' }`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'takes-a-restart-for-watching',
    story: 'a staged promotion ends by its start, whoever has watched it since',
    patches: [
      {
        find: `(members.length === 0 ? unwatchedMs : status.watchedMs)`,
        replace: `(v.nowMs - status.sinceMs)`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'promotes-in-a-blackout',
    story: 'the calendar is not asked before a promotion',
    patches: [
      {
        find: `const hold = due === 'emergency' ? null : calendarHold(policy, nowMs)`,
        replace: `const hold = due === null ? calendarHold(policy, nowMs) : null`,
      },
    ],
    maskedBy: null,
  },
  {
    name: 'revokes-in-a-blackout',
    story: 'a blackout that began after the intent was saved does not hold the revoke',
    patches: [
      {
        find: `if (hold !== null) return wait(v, hold, nowMs + WINDOW_POLL_MS)
    return proveFor(`,
        replace: `return proveFor(`,
      },
    ],
    // The blackout has to begin within the milliseconds between the two.
    maskedBy: 'retiring: a blackout that has begun since holds the revoke',
  },
  {
    name: 'gives-up-in-a-blackout',
    story: 'a blackout does not hold the revoke of a candidate that was given up',
    patches: [
      {
        find: `record.emergency === null && calendarHold(policy, nowMs) === 'blackout'`,
        replace: `record === null && calendarHold(policy, nowMs) === 'blackout'`,
      },
    ],
    maskedBy: null,
  },
]
