const LEVEL_WIDTH = 5
/** Words that need no quotes to be read back as one value. */
const BARE = /^[\w.:/@+[\]-]+$/

/**
 * Turns a JSON log line into one for people: `2026-11-23T00:00:00.000Z WARN  secret version rejected  stage=current`.
 * A value with spaces or control characters is quoted as JSON, so that no value can forge a line; a stack trace alone keeps
 * its line breaks, indented.
 */
export function formatLogLine(json: string): string {
  // Written by pino from our own fields: an object with these three texts.
  const { time, level, event, stack, ...fields } = JSON.parse(json) as Record<string, unknown>
  const words = Object.entries(fields).map(([name, value]) => ` ${name}=${formatValue(value)}`)
  const head = `${String(time)} ${String(level).toUpperCase().padEnd(LEVEL_WIDTH)} ${printable(String(event))}`
  return `${head}${words.length > 0 ? ' ' : ''}${words.join('')}\n${formatStack(stack)}`
}

function formatValue(value: unknown): string {
  return typeof value === 'string' && !BARE.test(value) ? JSON.stringify(value) : String(value)
}

function formatStack(stack: unknown): string {
  if (typeof stack !== 'string') return ''
  return stack
    .split('\n')
    .map((line) => `    ${printable(line)}\n`)
    .join('')
}

function printable(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')
}
