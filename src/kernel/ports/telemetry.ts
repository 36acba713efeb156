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

/** Why an upstream gave no answer, for `sidekey_upstream_faults_total`. `unreachable` is what has no other word. */
export const UPSTREAM_FAULT_REASONS = [
  'refused',
  'name-not-found',
  'connect-timeout',
  'connection-lost',
  'answer-timeout',
  'answer-invalid',
  'certificate-expired',
  'certificate-name',
  'certificate-self-signed',
  'certificate-untrusted',
  'certificate-pin',
  'tls-version',
  'tls',
  'unreachable',
] as const
export type UpstreamFaultReason = (typeof UPSTREAM_FAULT_REASONS)[number]

/** Bound once per route, so that a request costs no label look-up. */
export interface RouteMeter {
  finished(outcome: RequestOutcome, durationMs: number): void
  upstream(durationMs: number): void
  replay(outcome: ReplayOutcome): void
  /** A request ended because its upstream gave no answer. */
  upstreamFault(reason: UpstreamFaultReason): void
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

/** `token`: the exchange of a secret for a token. */
export type ProviderOperation = 'list' | 'create' | 'verify' | 'revoke' | 'promote' | 'token'

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
