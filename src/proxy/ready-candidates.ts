import type { TokenSource } from '../kernel/ports/token-source.ts'
import type { Candidate } from './credential-snapshot.ts'
import { RetryLaterError } from './rescue.ts'

/**
 * The versions whose secret has been exchanged for a token that is good now, in their order. Waits only when none has.
 * @throws RefusedError `credential-unavailable` when no token can be had
 */
export async function readyCandidates(
  tokens: TokenSource,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const haveOne = () => candidates.filter(({ version }) => tokens.tokenOf(version) !== null)
  const ready = haveOne()
  if (ready.length > 0) return ready
  const retryAfterMs = await tokens.ready(candidates.map(({ version }) => version))
  const obtained = haveOne()
  if (obtained.length > 0) return obtained
  throw new RetryLaterError('credential-unavailable', 'no token could be had', retryAfterMs ?? 0)
}
