import type { LiveVersion } from '../kernel/credential.ts'
import type { RolloutReport } from '../kernel/ports/store.ts'
import type { Candidate, CredentialSnapshot } from './credential-snapshot.ts'

/** Shares are counted in millionths: tenths do not add up to one. */
const WHOLE = 1_000_000

/**
 * A staged promotion as this replica sees it: every so many requests start with the new version, and what the upstream
 * says of it is counted. Only requests that could be sent again take part, so that none fails for it.
 */
export class Rollout {
  readonly #generation: number
  readonly #share: number
  readonly #sinceMs: number
  /** The candidates with the new version first. */
  #candidates: readonly Candidate[]
  /** A request is due when it reaches the whole; no randomness is needed for a share. */
  #owed = 0
  #requests = 0
  #refusals = 0

  constructor(generation: number, share: number, candidates: readonly Candidate[], nowMs: number) {
    this.#generation = generation
    this.#share = share
    this.#candidates = candidates
    this.#sinceMs = nowMs
  }

  /** The candidates of a request that starts with the new version; null: this one does not. */
  take(): readonly Candidate[] | null {
    this.#owed += Math.round(this.#share * WHOLE)
    if (this.#owed < WHOLE) return null
    this.#owed -= WHOLE
    return this.#candidates
  }

  /** The upstream took the version. */
  accepted({ generation }: LiveVersion): void {
    if (generation === this.#generation) this.#requests++
  }

  /** The upstream refused it, and took another version for the same request. */
  refused({ generation }: LiveVersion): void {
    if (generation !== this.#generation) return
    this.#requests++
    this.#refusals++
  }

  /** @param nowMs monotonic */
  report(nowMs: number): RolloutReport {
    return {
      generation: this.#generation,
      forMs: nowMs - this.#sinceMs,
      requests: this.#requests,
      refusals: this.#refusals,
    }
  }

  /**
   * The rollout that a new snapshot asks for: the one before goes on with what it has counted, null when there is none.
   * @param nowMs monotonic
   */
  static next(
    before: Rollout | null,
    { candidates }: CredentialSnapshot,
    nowMs: number,
  ): Rollout | null {
    const rolled = candidates.find(({ version }) => version.share !== undefined)
    if (rolled?.version.share === undefined) return null
    const { generation, share } = rolled.version
    const order = [rolled, ...candidates.filter((one) => one !== rolled)]
    const goesOn = before !== null && before.#generation === generation && before.#share === share
    if (!goesOn) return new Rollout(generation, share, order, nowMs)
    before.#candidates = order
    return before
  }
}
