import type { SeededRandom } from '../fakes/random.ts'
import type { Lane } from './lane.ts'

/** What a trial has to play with. */
export interface Stage {
  readonly lane: Lane
  readonly random: SeededRandom
}

/** What a disturbance came to: from then on the rotation has to converge. */
export interface Disturbance {
  /** A Sidekey was killed. */
  readonly killed: boolean
  readonly endedAtMs: number
  /** The current generation that has to be surpassed. */
  readonly generation: number
}

/** One disturbance of a Sidekey that rotates under traffic. */
export interface Trial {
  readonly group: 'crash point' | 'process' | 'provider' | 'store' | 'storm'
  readonly name: string
  /** Somebody else makes or ends secrets. */
  readonly foreign?: boolean
  /** It begins on a store in which nothing was ever written. */
  readonly empty?: boolean
  /** What decides its random choices; default: its place in the run and the seed of the run. */
  readonly seed?: number
  /** About how long it takes, in seconds, above the usual: the longest begin first. */
  readonly slow?: number
  /**
   * Disturbs, and returns when that is over.
   * @throws SkippedError this machine can't do it
   * @throws Error something was seen that must not be
   */
  disturb(stage: Stage): Promise<Disturbance>
  /** Takes back what lasted until the rotation had converged. */
  undo?(stage: Stage): Promise<void>
}

/** A trial that this machine can't do, and why. */
export class SkippedError extends Error {}

/** Nothing was killed; the disturbance ends now. */
export function endsNow({ lane }: Stage, killed = false): Disturbance {
  return { killed, endedAtMs: Date.now(), generation: lane.generation() }
}
