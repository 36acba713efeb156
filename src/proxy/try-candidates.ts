import type { FallbackOutcome, ReplayOutcome } from '../kernel/ports/telemetry.ts'
import type { TokenSource } from '../kernel/ports/token-source.ts'
import type { Tries } from './choose-candidates.ts'
import type { Candidate } from './credential-snapshot.ts'
import { decideReplay } from './decide-replay.ts'
import type { Verdict } from './detect-auth-failure.ts'
import type { Attempt } from './attempt.ts'
import { readyCandidates } from './ready-candidates.ts'
import { arrived, dispatch, type Sending, type Sent, sendWith } from './send-version.ts'

/** The answer that goes to the client. */
export interface Answered {
  readonly attempt: Attempt
  /** See `OutboundRequest.bearers`. */
  readonly bearers: readonly string[]
  readonly candidate: Candidate
  readonly verdict: Verdict
  /** Why nothing more was tried, when the answer still says that the credential is wrong; else null. */
  readonly gaveUp: Exclude<ReplayOutcome, 'replayed'> | 'refused-too' | null
}

/**
 * Sends the request with the first candidate and, when the upstream refuses that one, once more with the second. No
 * byte has reached the client before this returns.
 * @throws RefusedError `credential-unavailable`, or one of the `upstream-…` codes
 */
export async function tryCandidates(sending: Sending): Promise<Answered> {
  const { credential, body, tokens } = sending
  const found = credential.candidates(body.kind !== 'streaming')
  const choice = found instanceof Promise ? await found : found
  const endTrial = choice.trial ? credential.health.beginTrial() : noTrial
  try {
    const { first, other } = tokens === null ? choice : await withTokens(tokens, choice)
    if (first === undefined) throw new Error('a choice has a candidate')
    // Not `sendWith`: most requests wait for nothing but the head, and a promise costs.
    const dispatched = dispatch(sending, first)
    await dispatched.attempt.decided
    const arrival = arrived(sending, dispatched)
    const sent = arrival instanceof Promise ? await arrival : arrival
    const { verdict } = sent
    if (verdict === 'accepted') return settled(sending, sent)
    return await replayed(sending, { ...sent, verdict }, first, other)
  } finally {
    endTrial()
  }
}

/** Of those that are chosen, the first two that have a token. */
async function withTokens(
  tokens: TokenSource,
  { candidates }: Tries,
): Promise<Pick<Tries, 'first' | 'other'>> {
  const [first, other] = await readyCandidates(tokens, candidates)
  return { first, other }
}

/** The request once more, where that is allowed and may help. */
async function replayed(
  sending: Sending,
  sent: Sent & { readonly verdict: Exclude<Verdict, 'accepted'> },
  first: Candidate,
  other: Candidate | undefined,
): Promise<Answered> {
  const { body } = sending
  const { verdict } = sent
  const budgetAllows = sending.budget.allows(sending.clock.monotonic())
  const decide = (hasNext: boolean) => decideReplay({ verdict, body, hasNext, budgetAllows })
  const renewal = renew(sending, sent)
  const isRenewed = renewal !== null && decide(true) === 'replayed' && (await renewal)
  const second = isRenewed ? first : other
  const replay = decide(second !== undefined)
  sending.exchange.meter.replay(replay)
  if (replay !== 'replayed' || second === undefined) {
    const gaveUp = replay === 'replayed' ? 'no-other-version' : replay
    return notReplayed(sending, sent, gaveUp, renewal)
  }
  sent.attempt.discard()
  return fallBack(sending, sent, second)
}

function noTrial(): void {}

/**
 * A token that an upstream refused is asked for anew, and a time that it refused is set right, whatever becomes of this
 * request.
 * @returns whether the same version is written in another way now; null where it can't be
 */
function renew({ tokens, retime }: Sending, sent: Sent): Promise<boolean> | null {
  if (sent.verdict !== 'refused') return null
  if (retime?.(sent.attempt) === true) return Promise.resolve(true)
  return tokens === null || sent.token === null ? null : tokens.renew(sent.token)
}

function settled({ credential }: Sending, sent: Sent): Answered {
  if (provesCredential(sent)) credential.accepted(sent.candidate)
  return { ...sent, gaveUp: null }
}

/** A server that fails has not looked at the credential, as far as anybody knows; an answer that is cut says nothing. */
function provesCredential({ attempt, verdict }: Sent): boolean {
  return verdict !== 'refused' && attempt.status < 500 && attempt.failure === null
}

function notReplayed(
  { credential }: Sending,
  sent: Sent,
  gaveUp: Exclude<ReplayOutcome, 'replayed'>,
  renewal: Promise<boolean> | null,
): Answered {
  credential.meter.fallback('not-possible')
  if (sent.verdict === 'refused') {
    // The next request can start with another version, where there is one: this one has no second chance. A spent
    // budget says that other versions did not help either.
    const { version } = sent.candidate
    const { health, snapshot } = credential
    const others =
      gaveUp !== 'budget-spent' && health.othersAreGood(version, snapshot?.candidates ?? [])
    const refused = () => health.refused(version, others || !health.isProven(version), !others)
    // With another token, the next request is another matter.
    if (renewal === null) refused()
    else void renewal.then((renewed) => renewed || refused())
  }
  return { ...sent, gaveUp }
}

async function fallBack(sending: Sending, refused: Sent, second: Candidate): Promise<Answered> {
  const { credential } = sending
  const note = (outcome: FallbackOutcome) => credential.meter.fallback(outcome)
  const sent = await sendWith(sending, second).catch((error: unknown) => {
    note('upstream-error')
    throw error
  })
  if (sent.verdict === 'refused') {
    note('refused-too')
    sending.budget.spend()
    credential.health.refusedTogether(refused.candidate.version, second.version)
    credential.doubted()
    return { ...sent, gaveUp: 'refused-too' }
  }
  const healed = provesCredential(sent)
  note(healed ? 'succeeded' : 'upstream-error')
  // The same version with another token: the secret was never in doubt.
  if (second !== refused.candidate) credential.health.refused(refused.candidate.version, healed)
  if (healed) {
    credential.accepted(second)
    if (second !== refused.candidate) credential.rollout?.refused(refused.candidate.version)
  }
  return { ...sent, gaveUp: sent.verdict === 'mixed' ? 'mixed-results' : null }
}
