/**
 * The root of every error that Sidekey throws itself. `code` is stable and kebab-case; the message is
 * lower-case, holds no secret and no upstream body, and tells the user what to do where there is something to do.
 */
export abstract class SidekeyError extends Error {
  abstract readonly code: string

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** Why the proxy answers a request itself. The same word is the `code` of the problem body and `Sidekey-Error`. */
export type RefusalCode =
  | 'no-route'
  | 'host-not-allowed'
  | 'origin-not-allowed'
  | 'target-not-allowed'
  | 'path-refused'
  | 'method-not-allowed'
  | 'client-auth-required'
  | 'malformed-request'
  | 'target-too-long'
  | 'headers-too-large'
  | 'body-too-large'
  | 'body-not-injectable'
  | 'body-malformed'
  | 'placeholder-unresolved'
  | 'credential-unavailable'
  | 'credential-unknown'
  | 'upstream-unreachable'
  | 'upstream-timeout'
  | 'upstream-invalid'
  | 'overloaded'
  | 'upgrade-not-supported'
  | 'internal'

/** A request that the proxy refuses. Only `proxy/rescue.ts` turns it into an HTTP answer. */
export class RefusedError extends SidekeyError {
  override readonly code: RefusalCode

  constructor(code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** One thing that is wrong in a configuration: where, what, and what to do. Never holds a value of the file. */
export interface ConfigIssue {
  /** Dotted path in the file, such as `credentials.main.apiKey`; empty for the file as a whole. */
  readonly path: string
  /** 1-based line of the file, where it is known. */
  readonly line: number | null
  readonly message: string
  readonly remedy: string
}

/** A configuration that can't be used; exit code 78. Carries every issue that was found, not only the first one. */
export class ConfigError extends SidekeyError {
  override readonly code = 'configuration-invalid'
  readonly issues: readonly ConfigIssue[]

  constructor(issues: readonly ConfigIssue[], options?: ErrorOptions) {
    super(`the configuration has ${issues.length} error(s)`, options)
    this.issues = issues
  }
}

/** Somebody else wrote the record after it was read. Read again and obey what it says. */
export class StoreConflictError extends SidekeyError {
  override readonly code = 'store-conflict'
}

/** The store can't be read or written now; the write may or may not have happened. */
export class StoreUnavailableError extends SidekeyError {
  override readonly code = 'store-unavailable'
}

/** The store holds something that this key or this version of Sidekey can't read. Never treated as empty. */
export class StoreUnreadableError extends SidekeyError {
  override readonly code = 'store-unreadable'
}

/** A rule that must always hold of a record does not. Blocks that one credential. */
export class AssertionError extends SidekeyError {
  override readonly code = 'assertion-failed'
}

/** An operator's command that the credential's phase forbids; the message says why. */
export class CommandRefusedError extends SidekeyError {
  override readonly code = 'command-refused'
}

/** The system's word for what went wrong, such as `ENOENT`, or Sidekey's own; null when there is none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null
}

/** Ends an exhaustive `switch`: the type checker proves that it is never reached. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${String(value)}`)
}
