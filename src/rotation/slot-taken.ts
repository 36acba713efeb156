import type { CredentialRecord } from '../kernel/credential.ts'

/** Reason of a tombstone whose create found its place taken by what may not be ours. */
export const SLOT_TAKEN = 'slot-taken'
/** The same after an operator said `retry`: it no longer counts. */
export const SLOT_TAKEN_BEFORE = 'slot-taken-before'

/** Whether the last create found its place taken, and nobody has looked after it since. */
export function isSlotTaken(record: CredentialRecord): boolean {
  return record.tombstones.at(-1)?.reason === SLOT_TAKEN
}
