import type { Phase, Stage } from '../credential.ts'

/** What became of a request, for `sidekey_requests_total`. */
export type RequestOutcome =
  'success' | 'client-error' | 'upstream-error' | 'auth-failed' | 'refused' | 'client-aborted'

/** What became of the wish to send a request again, for `sidekey_replays_total`. */
export type ReplayOutcome =
  | 'replayed'
  | 'body-too-large'
  | 'body-streaming'
  | 'mixed-results'
  | 'no-other-version'
  | 'budget-spent'
  | 'response-started'

export type FallbackOutcome = 'succeeded' | 'refused-too' | 'upstream-error' | 'not-possible'

/** Bound once per route, so that a request costs no label look-up. */
export interface RouteMeter {
  finished(outcome: RequestOutcome, durationMs: number): void
  upstream(durationMs: number): void
  replay(outcome: ReplayOutcome): void
  /** A WebSocket of the route was opened, or has ended. Its handshake is a request that has finished. */
  webSocket(change: 'opened' | 'ended'): void
}

/** Bound once per credential. */
export interface CredentialMeter {
  injected(stage: Stage): void
  authFailure(stage: Stage): void
  fallback(outcome: FallbackOutcome): void
}

export interface ProxyTelemetry {
  route(name: string): RouteMeter
  credential(credentialId: string): CredentialMeter
}

export type ProviderOperation = 'list' | 'create' | 'verify' | 'revoke' | 'promote'

/** The state of one credential as metrics show it. */
export interface RotationState {
  readonly credentialId: string
  readonly phase: Phase
  /** The reason word of what the rotation waits for or is blocked by; null while nothing holds it up. */
  readonly reason: string | null
  readonly blocked: boolean
  readonly lastRotationAtMs: number | null
  readonly nextRotationAtMs: number | null
  readonly versions: readonly { readonly stage: Stage; readonly createdAtMs: number }[]
}

export interface RotationTelemetry {
  state(state: RotationState): void
  rotation(credentialId: string, result: 'succeeded' | 'aborted' | 'demoted' | 'blocked'): void
  providerCall(credentialId: string, operation: ProviderOperation, outcome: string): void
}
