import type { CredentialRecord } from '../kernel/credential.ts'
import type { RotationPolicy, TimeWindow } from '../kernel/policy.ts'
import type { Random } from '../kernel/ports/random.ts'

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60
/** 1970-01-01 was a Thursday; days count from Sunday. */
const EPOCH_DAY = 4

/** Why a promotion is wanted now, or null. */
export type DueReason = 'emergency' | 'requested' | 'due'

/** The instant of the rotation after one at `nowMs`, moved by the policy's jitter. */
export function nextRotationAtMs(policy: RotationPolicy, random: Random, nowMs: number): number {
  const jitterMs = policy.everyMs * policy.jitterRatio
  const share = random.int(2 ** 20) / 2 ** 20
  return Math.round(nowMs + policy.everyMs - jitterMs + 2 * jitterMs * share)
}

/** When `current` is due. The policy may have changed since the instant was drawn: it binds. */
export function dueAtMs(record: CredentialRecord, policy: RotationPolicy): number {
  const { activatedAtMs } = record.current
  const earliest = activatedAtMs + policy.everyMs * (1 - policy.jitterRatio)
  const latest = activatedAtMs + policy.everyMs * (1 + policy.jitterRatio)
  return Math.min(Math.max(record.nextRotationAtMs ?? earliest, earliest), latest)
}

export function dueReason(
  record: CredentialRecord,
  policy: RotationPolicy,
  nowMs: number,
): DueReason | null {
  if (record.emergency?.compromised.includes('current') === true) return 'emergency'
  if (record.requestedAtMs !== null) return 'requested'
  return nowMs >= dueAtMs(record, policy) ? 'due' : null
}

/** Why promotions and revocations have to wait for the calendar, or null. */
export function calendarHold(
  policy: RotationPolicy,
  nowMs: number,
): 'blackout' | 'window-closed' | null {
  if (policy.blackouts.some(({ fromMs, untilMs }) => fromMs <= nowMs && nowMs < untilMs)) {
    return 'blackout'
  }
  const open = policy.windows.length === 0 || policy.windows.some((w) => isOpen(w, nowMs))
  return open ? null : 'window-closed'
}

/**
 * Whether nothing at all may be revoked now. A closed window does not hold up the end of a candidate that nobody uses: the
 * next standby would wait for days. An emergency needs the slot.
 */
export function isBlackedOut({ record, policy, nowMs }: Situation): boolean {
  return record.emergency === null && calendarHold(policy, nowMs) === 'blackout'
}

interface Situation {
  readonly record: CredentialRecord
  readonly policy: RotationPolicy
  readonly nowMs: number
}

function isOpen(window: TimeWindow, nowMs: number): boolean {
  const minutes = Math.floor(nowMs / MINUTE_MS)
  const minute = minutes % DAY_MINUTES
  const day = (Math.floor(minutes / DAY_MINUTES) + EPOCH_DAY) % 7
  const opensOn = (d: number) => window.days.length === 0 || window.days.includes(d)
  const { startMinute, endMinute } = window
  if (startMinute < endMinute) return opensOn(day) && startMinute <= minute && minute < endMinute
  // It ends on the day after it started.
  return (opensOn(day) && minute >= startMinute) || (opensOn((day + 6) % 7) && minute < endMinute)
}
