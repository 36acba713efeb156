import type { Phase } from '../kernel/credential.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import { type Observation, forgetAll, nothingSeen } from './observation.ts'
import { type Roster, sawRoster } from './roster.ts'
import { CLOCK_SKEW_MAX_MS, CLOCK_STEP_MAX_MS } from './timing.ts'

/** What a jump leaves of what was seen; who the members are always stays. */
export function seenAcross(jump: Jump, seen: Observation, roster: Roster, nowMs: number) {
  if (jump === null) return seen
  if (jump === 'back') return sawRoster(nothingSeen(nowMs), roster, nowMs)
  const lost = [...seen.presence].filter(([, { listed }]) => !listed)
  // That an id has vanished, and that nothing was sent yet, is known; since when is not.
  const presence = new Map(lost.map(([id]) => [id, { listed: false, sinceMs: nowMs }]))
  const create = seen.create?.outcome === 'unsent' ? seen.create : null
  return { ...forgetAll(seen, nowMs), presence, create }
}

const RESTING: ReadonlySet<Phase> = new Set(['idle', 'staged'])

/** How the time has moved since the last decision, beside going on. */
export type Jump = 'back' | 'ahead' | null

/**
 * The time that decisions read: the wall clock at rest, since a rotation is due by the calendar;
 * while a rotation is under way it runs on by the monotonic clock, so that a jump of the wall clock
 * can't end a drain early.
 */
export class SteadyTime {
  readonly #clock: Clock
  #anchor: { readonly phase: Phase; readonly wallMs: number; readonly monotonicMs: number } | null =
    null
  #decided: { readonly atMs: number; readonly monotonicMs: number }

  constructor(clock: Clock) {
    this.#clock = clock
    this.#decided = { atMs: clock.now(), monotonicMs: clock.monotonic() }
  }

  now(phase: Phase): number {
    const { wallMs, monotonicMs } = this.#anchorFor(phase)
    return wallMs + (this.#clock.monotonic() - monotonicMs)
  }

  /** The time of a decision, and whether what was seen before it seems later, or older, than it is. */
  decide(phase: Phase): { readonly nowMs: number; readonly jump: Jump } {
    const nowMs = this.now(phase)
    const before = this.#decided
    const monotonicMs = this.#clock.monotonic()
    this.#decided = { atMs: nowMs, monotonicMs }
    if (nowMs < before.atMs - CLOCK_SKEW_MAX_MS) return { nowMs, jump: 'back' }
    const steppedMs = nowMs - before.atMs - (monotonicMs - before.monotonicMs)
    return { nowMs, jump: steppedMs > CLOCK_STEP_MAX_MS ? 'ahead' : null }
  }

  #anchorFor(phase: Phase) {
    const known = this.#anchor
    if (known !== null && known.phase === phase && !RESTING.has(phase)) return known
    const anchor = { phase, wallMs: this.#clock.now(), monotonicMs: this.#clock.monotonic() }
    this.#anchor = anchor
    return anchor
  }
}
