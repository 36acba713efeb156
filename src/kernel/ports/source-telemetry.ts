/** Why a secret was not read from a server. `absent`: the server answers, and has no such secret, version or key. */
export type SourceFailure = 'absent' | 'invalid' | 'refused' | 'throttled' | 'unavailable'

/** What became of one look at a server that holds a secret. `source` is its key in the configuration. */
export interface SourceTelemetry {
  read(credentialId: string, source: string, outcome: 'read' | SourceFailure): void
  /** What is held of it is as new as this instant, wall clock. */
  fresh(credentialId: string, source: string, atMs: number): void
}
