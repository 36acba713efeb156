import type { ProviderFailure, VerifyAnswer } from '../../kernel/ports/provider.ts'
import type { RestAnswer } from './rest-client.ts'
import { retryAfterMs } from './retry-after.ts'

/** The call may have happened, or the answer can't be understood: the list, or a probe, will tell. */
export const UNAVAILABLE: ProviderFailure = { kind: 'unavailable' }

export function isSuccess(answer: RestAnswer): boolean {
  return answer.status >= 200 && answer.status < 300
}

/** What speaks by its status, whatever the API: no answer, 5xx, 401 and 429. Null for everything else. */
export function commonFailure(answer: RestAnswer | null, nowMs: number): ProviderFailure | null {
  if (answer === null || answer.status >= 500) return UNAVAILABLE
  if (answer.status === 401) return { kind: 'unauthorized' }
  if (answer.status !== 429) return null
  return { kind: 'throttled', retryAfterMs: retryAfterMs(answer, nowMs) }
}

/** A probe that says nothing about the secret. */
export function inconclusive(
  service: string,
  answer: RestAnswer | null,
  nowMs: number,
): VerifyAnswer {
  const throttled = answer?.status === 429
  return {
    kind: 'inconclusive',
    service,
    retryAfterMs: throttled ? retryAfterMs(answer, nowMs) : null,
  }
}
