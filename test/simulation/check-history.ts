import type { Blackout, RotationPolicy, StagedPromotion } from '../../src/kernel/policy.ts'
import type { History } from './history.ts'
import {
  checkForeignDelete,
  checkLostSecret,
  checkSlots,
  checkSurvivor,
} from './invariants-account.ts'
import {
  checkAbsence,
  checkMonotone,
  checkProgress,
  checkSingleIntent,
} from './invariants-record.ts'
import { type Budget, checkBudget } from './invariants-budget.ts'
import { checkBlackouts } from './invariants-calendar.ts'
import { checkBootstrap } from './invariants-bootstrap.ts'
import { checkRollout } from './invariants-rollout.ts'
import { checkObservedUse } from './invariants-use.ts'
import { checkAvailability, checkConsent } from './invariants-traffic.ts'

/** The ten rules of `docs/architecture.md`, and those of options, by the names that a violation carries. */
export type Invariant =
  | 'I1 no lost secret'
  | 'I2 availability'
  | 'I3 slots'
  | 'I4 single intent'
  | 'I5 no foreign delete'
  | 'I6 revoke after consent'
  | 'I7 monotone'
  | 'I8 survivor authenticates'
  | 'I9 progress'
  | 'I10 absence must persist'
  | 'staged promotion'
  | 'blackout'
  | 'consent'
  | 'budget'
  | 'management credential'

export interface Violation {
  readonly invariant: Invariant
  readonly atMs: number
  /** What was seen, in one sentence. */
  readonly detail: string
}

/** What a history is held against. */
export interface Terms {
  readonly drainMs: number
  /** How long the absence of an id must last before it is believed, in milliseconds. */
  readonly absenceMs: number
  /** How long it may take after the faults ended, in milliseconds. */
  readonly convergeMs: number
  /** Clocks of two replicas may differ by this, and what they tell may be as old, in milliseconds. */
  readonly toleranceMs: number
  /** Somebody else made or ended secrets, so that the rotation may stop and ask. */
  readonly foreign: boolean
  /** Its primary has stopped for such a reason: it waits with `management-refused`, and goes on by itself later. */
  readonly managerStopped: boolean
  /** The option, where the plan has it. */
  readonly stagedPromotion: StagedPromotion | null
  readonly blackouts: readonly Blackout[]
  /** Null: any number of calls. */
  readonly budget: Budget | null
  readonly revokeBootstrap: RotationPolicy['revokeBootstrap']
}

export type Check = (history: History, terms: Terms) => readonly Violation[]

const CHECKS: readonly Check[] = [
  checkLostSecret,
  checkAvailability,
  checkSlots,
  checkSingleIntent,
  checkForeignDelete,
  checkConsent,
  checkObservedUse,
  checkMonotone,
  checkSurvivor,
  checkProgress,
  checkAbsence,
  checkRollout,
  checkBlackouts,
  checkBootstrap,
  checkBudget,
]

/** Every violation of the ten invariants in a history, the earliest first. Empty: they held. */
export function checkHistory(history: History, terms: Terms): readonly Violation[] {
  return CHECKS.flatMap((check) => check(history, terms)).toSorted((a, b) => a.atMs - b.atMs)
}
