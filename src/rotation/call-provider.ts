import { PROVIDER_CALL_TIMEOUT_MS } from '../kernel/limits.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import type { ManagementAuth, ProviderFailure } from '../kernel/ports/provider.ts'
import type { Random } from '../kernel/ports/random.ts'
import type { Moment, RotatorDeps, Taken } from './context.ts'
import { type CallHold, type Observation, suspected } from './observation.ts'
import {
  CALL_REFUSED_RETRY_MS,
  CALL_RETRY_FIRST_MS,
  CALL_RETRY_MAX_MS,
  patientMs,
} from './timing.ts'

/** Runs a call that is given up after 10 s, or when the process stops. */
export async function withDeadline<T>(
  clock: Clock,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort(signal.reason)
  const stop = clock.after(PROVIDER_CALL_TIMEOUT_MS, () => controller.abort())
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  const answer = await call(controller.signal)
  stop()
  signal.removeEventListener('abort', abort)
  return answer
}

/**
 * A management call with the first secret that the provider does not refuse. A refused call did
 * nothing, so the next secret may try. Without any secret the answer is `unauthorized`.
 */
export async function callProvider<T extends { readonly kind: string }>(
  deps: RotatorDeps,
  operation: 'list' | 'create' | 'revoke' | 'promote',
  auths: readonly ManagementAuth[],
  signal: AbortSignal,
  call: (auth: ManagementAuth, signal: AbortSignal) => Promise<T | ProviderFailure>,
): Promise<T | ProviderFailure> {
  // `promote` alone is the save that moves the labels.
  const point = operation === 'promote' ? 'promote-at-provider' : operation
  let answer: T | ProviderFailure = { kind: 'unauthorized' }
  for (const auth of auths) {
    deps.crashPoint(`${point}:before`)
    answer = await withDeadline(deps.clock, signal, (inner) => call(auth, inner))
    deps.telemetry.providerCall(deps.credentialId, operation, answer.kind)
    deps.crashPoint(`${point}:after`)
    if (answer.kind !== 'unauthorized') return answer
  }
  return answer
}

/**
 * Holds back the next management calls as long as the failure asks for. A refused one makes all
 * verdicts doubtful.
 */
export function afterFailure(
  deps: RotatorDeps,
  { record, seen, nowMs }: Moment,
  failure: ProviderFailure,
): Taken {
  const failures = seen.callFailures + 1
  const sinceMs = seen.callHold?.sinceMs ?? nowMs
  const hold = (reason: CallHold, forMs: number): Observation => ({
    ...seen,
    callFailures: failures,
    callHold: { reason, untilMs: nowMs + forMs, sinceMs },
  })
  const refusedMs = patientMs(CALL_REFUSED_RETRY_MS, nowMs - sinceMs)
  switch (failure.kind) {
    case 'throttled': {
      const forMs = withJitter(failure.retryAfterMs, deps.random)
      // Saved, so that a restart does not ask again too early.
      return {
        record: { ...record, notBeforeMs: Math.max(record.notBeforeMs ?? 0, nowMs + forMs) },
        seen: hold('throttled', forMs),
      }
    }
    case 'unauthorized':
      return { record, seen: suspected(hold('management-refused', refusedMs), nowMs) }
    case 'forbidden':
    case 'account-not-found':
      return { record, seen: hold('provider-forbidden', refusedMs) }
    case 'unavailable': {
      const firstMs = Math.min(CALL_RETRY_FIRST_MS * 2 ** (failures - 1), CALL_RETRY_MAX_MS)
      const backoffMs = patientMs(firstMs, nowMs - sinceMs)
      return { record, seen: hold('provider-unavailable', withJitter(backoffMs, deps.random)) }
    }
  }
}

/** Later by up to a fifth, so that many replicas and accounts do not come back at once. */
function withJitter(forMs: number, random: Random): number {
  return forMs + random.int(Math.floor(forMs / 5) + 1)
}

/** What a call that was answered leaves behind: no back-off. */
export function afterAnswer(seen: Observation): Observation {
  return { ...seen, callFailures: 0, callHold: null }
}
