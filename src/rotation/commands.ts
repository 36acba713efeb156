import { type CredentialRecord, type Stage, hasValue } from '../kernel/credential.ts'
import { CommandRefusedError, unreachable } from '../kernel/errors.ts'
import type { Leakable, RotationCommand } from '../kernel/ports/rotation-control.ts'
import { adoptSecret } from './adopt-secret.ts'
import type { RotatorDeps } from './context.ts'
import { REJECTED, REJECTED_BEFORE } from './facts.ts'
import { nothingSeen } from './observation.ts'
import { demoteVersion } from './promote-version.ts'
import { revokeByHand } from './revoke-by-hand.ts'
import { SLOT_TAKEN, SLOT_TAKEN_BEFORE } from './slot-taken.ts'

/** What a command is decided on. */
export interface Steering {
  readonly record: CredentialRecord
  /** The last sound record that this process knows, in case the stored one was replaced. */
  readonly known: CredentialRecord | null
  readonly nowMs: number
}

/**
 * The record with an operator's wish written into it; the same object when there is nothing to
 * change.
 * @throws CommandRefusedError `command-refused` when the phase forbids it
 */
export function carryOut(
  deps: RotatorDeps,
  steering: Steering,
  command: RotationCommand,
): Promise<CredentialRecord> | CredentialRecord {
  const { record } = steering
  if (!hasValue(record.current) && NEEDS_CURRENT.has(command.kind)) {
    throw new CommandRefusedError('the account has no first secret yet; it is being made')
  }
  switch (command.kind) {
    case 'rotate':
      return command.emergency
        ? rotateInEmergency(steering, command.compromised ?? ['current'])
        : rotate(steering)
    case 'pause':
      return record.paused ? record : { ...record, paused: true }
    case 'resume':
      return record.paused ? { ...record, paused: false } : record
    case 'abort':
      return abort(deps, steering)
    case 'retry':
      return retry(steering)
    case 'create':
      return createFirst(steering)
    case 'adopt':
      return adoptSecret(deps, steering, command)
    case 'revoke':
      return revokeByHand(deps, steering, command.secretId)
    default:
      return unreachable(command)
  }
}

/** What makes no sense before there is a first secret. */
const NEEDS_CURRENT: ReadonlySet<RotationCommand['kind']> = new Set(['rotate', 'abort'])

/** An account's first secret is made without being asked for; the wish ends a block and every wait. */
function createFirst(steering: Steering): CredentialRecord {
  if (hasValue(steering.record.current)) {
    throw new CommandRefusedError('the account has its first secret; `rotate` makes the next one')
  }
  return retry(steering)
}

/**
 * Promotes as soon as there is a proven standby. While a rotation runs already it is the one that
 * was asked for.
 */
function rotate({ record, nowMs }: Steering): CredentialRecord {
  if (record.paused) throw new CommandRefusedError('the rotation is paused; resume it first')
  if (record.blocked !== null) {
    throw new CommandRefusedError(`the rotation is blocked: ${record.blocked.detail}`)
  }
  const running = record.phase === 'promoted' || record.phase === 'retiring'
  if (running || record.requestedAtMs !== null) return record
  return { ...record, requestedAtMs: nowMs }
}

/**
 * What serves now leaked, or the standby, or both. After a promotion the old version may be the one that was meant: both
 * have to go. Nobody rests after candidates that were given up; what the provider asked for is kept by this process.
 */
function rotateInEmergency(
  { record, nowMs }: Steering,
  leaked: readonly Leakable[],
): CredentialRecord {
  if (leaked.includes('pending') && record.pending === null) {
    throw new CommandRefusedError('there is no standby now that could have leaked')
  }
  const compromised = leaked.flatMap((stage): readonly Stage[] =>
    stage === 'current' && record.previous !== null ? BOTH : [stage],
  )
  const known = record.emergency?.compromised ?? []
  const added = compromised.filter((stage) => !known.includes(stage))
  if (added.length === 0 && !record.paused) return record
  return {
    ...record,
    paused: false,
    notBeforeMs: null,
    requestedAtMs: leaked.includes('current')
      ? (record.requestedAtMs ?? nowMs)
      : record.requestedAtMs,
    emergency: {
      compromised: [...known, ...added],
      sinceMs: record.emergency?.sinceMs ?? nowMs,
    },
  }
}

const BOTH = ['current', 'previous'] as const

async function abort(deps: RotatorDeps, { record, nowMs }: Steering): Promise<CredentialRecord> {
  switch (record.phase) {
    case 'prepared':
    case 'created':
    case 'verified':
    case 'staged':
      return { ...record, phase: 'aborting', absentSinceMs: null, requestedAtMs: null }
    case 'promoted':
      return undoPromotion(deps, record, nowMs)
    case 'idle':
    case 'aborting':
      throw new CommandRefusedError('there is nothing to abort')
    case 'retiring':
      throw new CommandRefusedError('the old secret is being revoked already; rotate again instead')
  }
}

/** Back to the old version, if it works and did not leak. */
async function undoPromotion(
  deps: RotatorDeps,
  record: CredentialRecord,
  nowMs: number,
): Promise<CredentialRecord> {
  const { previous } = record
  if (previous === null || record.emergency?.compromised.includes('previous') === true) {
    throw new CommandRefusedError('the old secret leaked and must not serve again')
  }
  const answer = await deps.provider.verify(previous.value, new AbortController().signal)
  if (answer.kind !== 'accepted') {
    throw new CommandRefusedError('the old secret is not proven to work; it can not take over')
  }
  const moment = {
    record,
    seen: nothingSeen(nowMs),
    nowMs,
    signal: new AbortController().signal,
  }
  return demoteVersion(moment, false).record
}

/** Forgets the block and every wait for the provider, and looks at the world anew. */
function retry({ record, known }: Steering): CredentialRecord {
  const restore = record.blocked?.reason === 'record-foreign-write' && known !== null
  const base = restore ? restored(record, known) : record
  const retried: CredentialRecord = {
    ...base,
    blocked: isOnlyTrace(base) ? base.blocked : null,
    notBeforeMs: null,
    tombstones: base.tombstones.map((tombstone) => ({
      ...tombstone,
      reason: FORGOTTEN.get(tombstone.reason) ?? tombstone.reason,
    })),
  }
  return retried
}

/** Behind a restart only this block tells that there were more ids; it ends by itself when all is clear. */
function isOnlyTrace({ blocked, phase, current }: CredentialRecord): boolean {
  return (
    blocked?.reason === 'attribution-ambiguous' && phase === 'idle' && current.secretId === null
  )
}

/** What no longer counts once an operator has looked after it. */
const FORGOTTEN: ReadonlyMap<string, string> = new Map([
  [REJECTED, REJECTED_BEFORE],
  [SLOT_TAKEN, SLOT_TAKEN_BEFORE],
])

/** The record as this process knew it: generations never fall, whatever the replacement said. */
function restored(replacement: CredentialRecord, known: CredentialRecord): CredentialRecord {
  const lastGeneration = Math.max(replacement.lastGeneration, known.lastGeneration)
  return { ...known, lastGeneration }
}
