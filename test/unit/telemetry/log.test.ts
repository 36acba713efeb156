import { expect, test } from 'vitest'
import type { LogFields } from '../../../src/kernel/ports/log.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { errorFields } from '../../../src/telemetry/error-fields.ts'
import { createLog, type LogLevel, type LogOptions } from '../../../src/telemetry/log.ts'
import { LiveSecrets } from '../../../src/telemetry/scrub-secrets.ts'
import { FakeClock } from '../../fakes/clock.ts'
import { canaryForms } from './canary.ts'

const SECRET = 'Xy12345678/+"secret"'

function logTo(lines: string[], level: LogLevel = 'info', format: LogOptions['format'] = 'json') {
  const scrub = new LiveSecrets()
  scrub.set('vonage', [new SecretValue(SECRET)])
  const destination = { write: (line: string) => lines.push(line) }
  return createLog({ level, format, destination, scrub, clock: new FakeClock() })
}

test('an event is one JSON line with its time, level and fields', () => {
  const lines: string[] = []
  logTo(lines).warn('secret version rejected', {
    credential: 'vonage',
    attempts: 2,
    hot: true,
    id: null,
  })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/\n$/)
  expect(JSON.parse(lines[0]!)).toEqual({
    level: 'warn',
    time: '2026-11-23T00:00:00.000Z',
    event: 'secret version rejected',
    credential: 'vonage',
    attempts: 2,
    hot: true,
    id: null,
  })
})

test('what lies below the level is not written', () => {
  const lines: string[] = []
  const log = logTo(lines, 'warn')
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
  expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(['c', 'd'])
})

test('a field of a type that is not allowed is dropped, whatever the compiler was told', () => {
  const lines: string[] = []
  const smuggled = {
    secret: new SecretValue(SECRET),
    request: { headers: { authorization: 'x' } },
    error: new Error('y'),
    list: ['z'],
    make: () => 'w',
    absent: undefined,
  } as unknown as LogFields
  logTo(lines).info('smuggled', smuggled)
  const { secret, request, error, list, make, ...rest } = JSON.parse(lines[0]!) as Record<
    string,
    unknown
  >
  expect([secret, request, error, list, make]).toEqual(Array(5).fill('[dropped]'))
  expect(Object.keys(rest)).toEqual(['level', 'time', 'event'])
})

test("a field can't overwrite what the line itself says", () => {
  const lines: string[] = []
  logTo(lines).info('true event', { event: 'forged', level: 'error', time: 'never' })
  expect(JSON.parse(lines[0]!)).toMatchObject({
    event: 'true event',
    level: 'info',
    field_event: 'forged',
  })
  expect(lines[0]!.match(/"event":/g)).toHaveLength(1)
})

test('a very long text is cut', () => {
  const lines: string[] = []
  logTo(lines).info('long', { body: 'x'.repeat(100_000) })
  expect(lines[0]!.length).toBeLessThan(9_000)
})

test.each(['json', 'text'] as const)('no form of a live secret reaches a %s line', (format) => {
  const lines: string[] = []
  const log = logTo(lines, 'debug', format)
  for (const form of Object.values(canaryForms(SECRET))) {
    log.debug(`event ${form}`, { value: form, [form]: 1 })
    log.error('uncaught error', errorFields(new Error(`at ${form}`, { cause: new Error(form) })))
  }
  expect(lines.length).toBe(28)
  for (const form of Object.values(canaryForms(SECRET))) expect(lines.join('')).not.toContain(form)
})

test('a JSON line from which a secret was masked is still JSON', () => {
  const lines: string[] = []
  logTo(lines).info('x', { value: `a ${SECRET} b` })
  expect(JSON.parse(lines[0]!)).toMatchObject({ value: 'a [redacted] b' })
})

test('the text format is one line for people, which no value can break', () => {
  const lines: string[] = []
  logTo(lines, 'info', 'text').warn('secret version\nrejected', {
    stage: 'current',
    detail: 'two words\n2026 INFO forged',
  })
  expect(lines[0]).toBe(
    '2026-11-23T00:00:00.000Z WARN  secret version\\nrejected  stage=current detail="two words\\n2026 INFO forged"\n',
  )
})

test('the text format indents a stack trace', () => {
  const lines: string[] = []
  logTo(lines, 'info', 'text').error('uncaught error', errorFields(new TypeError('boom')))
  expect(lines[0]).toMatch(
    /ERROR uncaught error {2}error=TypeError message=boom\n {4}TypeError: boom\n {8}at /,
  )
})

test("an error's own fields are not looked at, its causes are followed to an end", () => {
  const error = Object.assign(new Error('outer'), { code: 'E1', options: { auth: 'Xy' } })
  error.cause = new Error('inner', { cause: error })
  const fields = errorFields(error)
  expect(Object.keys(fields)).toEqual(['error', 'code', 'message', 'stack'])
  expect(fields).toMatchObject({ error: 'Error', code: 'E1', message: 'outer' })
  expect(String(fields['stack']).match(/cause: Error: inner/g)).toHaveLength(2)
  expect(errorFields('thrown text')).toEqual({
    error: 'string',
    message: 'not an error was thrown',
  })
})
