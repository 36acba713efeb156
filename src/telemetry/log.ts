import { pino } from 'pino'
import type { Clock } from '../kernel/ports/clock.ts'
import type { Log, LogFields } from '../kernel/ports/log.ts'
import { formatLogLine } from './format-log-line.ts'
import type { LiveSecrets } from './scrub-secrets.ts'

/** From which severity on an event is written. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LogOptions {
  readonly level: LogLevel
  /** `json`: one object per line, for machines; `text`: for people at a terminal. */
  readonly format: 'json' | 'text'
  /** Where lines go, such as `process.stdout`; it gets whole lines that end in a line feed. */
  readonly destination: { write(line: string): unknown }
  readonly scrub: LiveSecrets
  readonly clock: Clock
}

/** A longer text is cut: a log line is no place for a body. UTF-16 units; a stack trace fits. */
const FIELD_LENGTH_MAX = 8_192
/** Names that the line itself has. */
const OWN_FIELDS: ReadonlySet<string> = new Set(['time', 'level', 'event'])

/**
 * The log of a process: `{"level","time","event", …fields}`, one line per event. Fields that are no text, number, boolean
 * or null are replaced by `[dropped]`, whatever the compiler was told; the finished line is scrubbed of live secrets.
 */
export function createLog({ level, format, destination, scrub, clock }: LogOptions): Log {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        streamWrite: (line) => scrub.scrub(format === 'text' ? formatLogLine(line) : line),
      },
    },
    destination,
  )
  const write =
    (severity: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      if (logger.isLevelEnabled(severity)) logger[severity](allowed(fields), event)
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

function allowed(fields: LogFields): Record<string, string | number | boolean | null> {
  const kept: Record<string, string | number | boolean | null> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    kept[OWN_FIELDS.has(name) ? `field_${name}` : name] = allowedValue(value)
  }
  return kept
}

function allowedValue(value: unknown): string | number | boolean | null {
  if (typeof value === 'string') {
    return value.length > FIELD_LENGTH_MAX ? `${value.slice(0, FIELD_LENGTH_MAX)}…` : value
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  return '[dropped]'
}
