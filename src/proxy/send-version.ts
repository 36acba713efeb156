import type { Clock } from '../kernel/ports/clock.ts'
import type { HeldToken, TokenSource } from '../kernel/ports/token-source.ts'
import type { Attempt, OutboundRequest } from './attempt.ts'
import type { Candidate } from './credential-snapshot.ts'
import type { CredentialView } from './credential-view.ts'
import { type Detector, detectAuthFailure, rulesFor, type Verdict } from './detect-auth-failure.ts'
import { dispatchAgain, dispatchUpstream } from './dispatch-upstream.ts'
import type { Exchange } from './exchange.ts'
import type { HeldBody } from './hold-body.ts'
import type { ReplayBudget } from './replay-budget.ts'
import type { UpstreamOrigin } from './upstream-origin.ts'

/** A request that is ready to be sent with any version. */
export interface Sending {
  readonly exchange: Exchange
  readonly credential: CredentialView
  readonly upstream: UpstreamOrigin
  readonly detector: Detector | null
  readonly body: HeldBody
  readonly budget: ReplayBudget
  readonly clock: Clock
  /** Where tokens stand in place of secrets; else null. */
  readonly tokens: TokenSource | null
  /** Where our time is part of what is sent: whether a refusal shows that it was the wrong one; else null. */
  readonly retime: ((refused: Attempt) => boolean) | null
  readonly inject: (candidate: Candidate, token: HeldToken | null) => OutboundRequest
}

/** A request that was sent with one version, and what its answer says of that. */
export interface Sent {
  /** What it was sent with in place of the secret; else null. */
  readonly token: HeldToken | null
  readonly attempt: Attempt
  /** See `OutboundRequest.bearers`. */
  readonly bearers: readonly string[]
  readonly candidate: Candidate
  readonly verdict: Verdict
}

/** A request on its way with one version. */
export interface Dispatched extends Omit<Sent, 'bearers' | 'verdict'> {
  readonly outbound: OutboundRequest
  /** Monotonic. */
  readonly sentAtMs: number
}

/** Sends a request with one version. `arrived` is for when its attempt is decided. */
export function dispatch(sending: Sending, candidate: Candidate): Dispatched {
  const { credential, exchange, clock, upstream } = sending
  const token = sending.tokens?.tokenOf(candidate.version) ?? null
  const outbound = sending.inject(candidate, token)
  credential.meter.injected(candidate.stage)
  const sentAtMs = clock.monotonic()
  candidate.began(clock.now())
  try {
    const attempt = dispatchUpstream(upstream, outbound, exchange)
    return { outbound, attempt, sentAtMs, candidate, token }
  } catch (error) {
    candidate.answered(clock.now())
    throw error
  }
}

/**
 * What has come of a request that is decided. Most answers tell at once; a promise where it has to be sent again, or the
 * body looked into.
 * @throws RefusedError one of the `upstream-…` codes, by the promise
 */
export function arrived(sending: Sending, dispatched: Dispatched): Sent | Promise<Sent> {
  const { attempt } = dispatched
  return attempt.headless === null
    ? judged(sending, dispatched, attempt)
    : arrivedAgain(sending, dispatched)
}

async function arrivedAgain(sending: Sending, dispatched: Dispatched): Promise<Sent> {
  const { upstream, exchange, clock } = sending
  const { outbound, attempt, candidate } = dispatched
  const again = dispatchAgain(upstream, outbound, attempt, exchange)
  const second = await again.catch((error: unknown) => {
    candidate.answered(clock.now())
    throw error
  })
  return judged(sending, dispatched, second)
}

function judged(
  { credential, exchange, clock, detector }: Sending,
  { outbound, sentAtMs, candidate, token }: Dispatched,
  attempt: Attempt,
): Sent | Promise<Sent> {
  candidate.answered(clock.now())
  exchange.meter.upstream(clock.monotonic() - sentAtMs)
  const { bearers = NO_BEARERS } = outbound
  const rules = rulesFor(detector, attempt)
  if (rules === null) return { attempt, bearers, candidate, token, verdict: 'accepted' }
  return detectAuthFailure(rules, attempt).then((verdict) => {
    if (verdict === 'refused') credential.meter.authFailure(candidate.stage)
    return { attempt, bearers, candidate, token, verdict }
  })
}

/** Sends a request with one version, and waits for what comes of it. */
export async function sendWith(sending: Sending, candidate: Candidate): Promise<Sent> {
  const dispatched = dispatch(sending, candidate)
  await dispatched.attempt.decided
  return arrived(sending, dispatched)
}

const NO_BEARERS: readonly string[] = []
