import type { Log, LogFields } from '../../src/kernel/ports/log.ts'

export interface LoggedEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly event: string
  readonly fields: LogFields
}

/** Keeps what was logged. */
export class RecordingLog implements Log {
  readonly events: LoggedEvent[] = []

  debug(event: string, fields: LogFields = {}): void {
    this.events.push({ level: 'debug', event, fields })
  }
  info(event: string, fields: LogFields = {}): void {
    this.events.push({ level: 'info', event, fields })
  }
  warn(event: string, fields: LogFields = {}): void {
    this.events.push({ level: 'warn', event, fields })
  }
  error(event: string, fields: LogFields = {}): void {
    this.events.push({ level: 'error', event, fields })
  }
}
