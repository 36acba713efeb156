import type { Candidate } from './credential-snapshot.ts'

/** What requests have shown of a version so far. */
export interface Standing {
  /** An upstream has accepted it since this process started. */
  readonly proven: boolean
  /** Until when it is not offered first; null while nothing speaks against it. Monotonic. */
  readonly coolUntilMs: number | null
  /** Whether the provider alone says that it works again, so that no request has to find out. */
  readonly probed: boolean
}

/** Which versions a request tries, in order, or why it tries none. */
export type Choice =
  | {
      readonly kind: 'try'
      readonly candidates: readonly Candidate[]
      /** The first two of them: most requests need not look at the list. */
      readonly first: Candidate | undefined
      readonly other: Candidate | undefined
      /** This request finds out for the others whether the first one works. */
      readonly trial: boolean
    }
  /** Another request is finding out; its outcome is worth waiting for. Without one, this is what is tried. */
  | { readonly kind: 'wait'; readonly candidates: readonly Candidate[] }
  /** Every version was refused lately: the upstream is not asked. */
  | { readonly kind: 'unavailable'; readonly retryAfterMs: number }

export type Tries = Extract<Choice, { kind: 'try' }>

export interface ChoiceInput {
  /** As the snapshot orders them: current first. */
  readonly candidates: readonly Candidate[]
  readonly standingOf: (versionId: string) => Standing
  readonly trialRunning: boolean
  /** While no version is good, no request tries one before this instant. Monotonic. */
  readonly restUntilMs: number
  /** This request could be sent again, so that it may try a version that was refused before. */
  readonly replayable: boolean
  readonly nowMs: number
}

/**
 * Versions that nothing speaks against come first, those that were refused last. One request at a time tries a version
 * that nobody knows, or one whose cooldown is over.
 */
export function chooseCandidates(input: ChoiceInput): Choice {
  const { candidates, standingOf, nowMs } = input
  const good: Candidate[] = []
  const due: Candidate[] = []
  const cooling: Candidate[] = []
  let retryAtMs = Infinity
  for (const candidate of candidates) {
    const { coolUntilMs, probed } = standingOf(candidate.version.versionId)
    if (coolUntilMs === null) {
      good.push(candidate)
      continue
    }
    retryAtMs = Math.min(retryAtMs, coolUntilMs)
    if (coolUntilMs <= nowMs && !probed) due.push(candidate)
    else cooling.push(candidate)
  }
  const [first] = good
  if (first === undefined) {
    const isResting = nowMs < input.restUntilMs
    if (due.length > 0 && !input.trialRunning && !isResting) {
      return tries(due, true)
    }
    const retryAfterMs = retryAtMs === Infinity ? 0 : retryAtMs - nowMs
    return { kind: 'unavailable', retryAfterMs: Math.max(retryAfterMs, input.restUntilMs - nowMs) }
  }
  if (due.length > 0 && input.replayable && !input.trialRunning) {
    return tries([...due, ...good], true)
  }
  const unknown = !standingOf(first.version.versionId).proven
  const asListed = due.length + cooling.length === 0 && good.length === candidates.length
  const inOrder = asListed ? candidates : [...good, ...due, ...cooling]
  if (unknown && input.trialRunning) return { kind: 'wait', candidates: inOrder }
  return tries(inOrder, unknown)
}

/** These, in this order. */
export function tries(candidates: readonly Candidate[], trial: boolean): Tries {
  const [first, other] = candidates
  return { kind: 'try', candidates, first, other, trial }
}
