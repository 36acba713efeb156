/** What a log line may carry. A `SecretValue` does not fit, so it can't be logged by mistake. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Logs events, not sentences: `log.warn('secret version rejected', { credential, stage, reason })`. */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}
