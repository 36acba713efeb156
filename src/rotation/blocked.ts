import {
  type Blocked,
  type BlockedReason,
  type CredentialRecord,
  hasValue,
} from '../kernel/credential.ts'
import type { Held } from './drain-version.ts'
import type { Step, WaitReason } from './step.ts'
import { createBackoffMs } from './facts.ts'
import { type View, wait } from './view.ts'

/** What the operator reads: what was seen, and what to do. */
const DETAILS: Readonly<Record<BlockedReason, string>> = {
  'slot-full-foreign':
    'the account lists a secret that is not ours, and no slot is free: revoke it, or adopt it',
  'no-working-secret':
    'the provider refuses every known secret: adopt a working one, or restore the account',
  'attribution-ambiguous':
    'it cannot be told whose the listed ids are: adopt one with its value, or revoke one',
  'candidate-rejected':
    'the provider refused several generated values in a row: check its rules, then retry',
  'member-silent':
    'a registered replica has not reported for too long: bring it back, or end it for good',
  'record-foreign-write':
    'the stored record was replaced by something older: retry restores what this process knows',
  'assertion-failed': 'the stored record breaks a rule: restore it from a backup',
}

/** The step that stops all mutations until somebody, or the world, changes something. */
export function block(reason: BlockedReason): Extract<Step, { kind: 'block' }> {
  return { kind: 'block', reason, detail: DETAILS[reason] }
}

/** Nothing came of the create that was sent at `sentAtMs`: after a while it is sent once more. */
export function resendLater(v: View, sentAtMs: number): Step {
  const resendAtMs = sentAtMs + createBackoffMs(v.record, sentAtMs)
  if (v.nowMs < resendAtMs) return wait(v, 'create-unknown', resendAtMs)
  return { kind: 'resend', reason: 'create-absent' }
}

/**
 * Waits for the replicas that hold a barrier up; one that has fallen silent is an alarm, and still
 * waited for.
 */
export function waitForMembers(v: View, held: Held): Step {
  return held.silent ? block('member-silent') : wait(v, held.reason, held.untilMs)
}

/** Waits that say nothing about the cause of a block. */
const UNTOLD: ReadonlySet<WaitReason> = new Set([
  'list-unsettled',
  'create-unknown',
  'proving',
  'propagation',
  'revoke-settling',
  'probe-inconclusive',
  'throttled',
  'provider-unavailable',
  'provider-forbidden',
  'management-refused',
])

/**
 * Looks on, changes nothing: the plan is made as if nothing were blocked, and when it no longer
 * ends in the same block, the world has healed.
 */
export function whileBlocked(v: View, blocked: Blocked, step: Step): Step {
  if (step.kind === 'list' || step.kind === 'probe') return step
  if (blocked.reason === 'record-foreign-write') return wait(v, 'blocked')
  if (step.kind === 'block') return step.reason === blocked.reason ? wait(v, 'blocked') : step
  if (step.kind === 'wait' && UNTOLD.has(step.reason)) return wait(v, 'blocked')
  if (anyUnsure(v.record, v)) return wait(v, 'blocked')
  return { kind: 'unblock', reason: 'healed' }
}

/** A version that was not asked often enough could still turn out dead: no reason to hope yet. */
function anyUnsure(record: CredentialRecord, { belief }: View): boolean {
  return (
    (hasValue(record.current) && belief.current === 'unsure') ||
    (record.pending !== null && belief.pending === 'unsure') ||
    (record.previous !== null && belief.previous === 'unsure')
  )
}
