import { describe, expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { LiveSecrets } from '../../../src/telemetry/scrub-secrets.ts'
import { canaryForms } from './canary.ts'

const SECRETS = ['Xy12345678abcdefghijklmno', 'pa/ss+w=rd "q\\uote" ü\n!', 'aB3$', '{"event":"x"}']

function holding(...texts: string[]): LiveSecrets {
  const live = new LiveSecrets()
  live.set(
    'vonage',
    texts.map((text) => new SecretValue(text)),
  )
  return live
}

describe.each(SECRETS)('of the secret %j', (secret) => {
  test.each(Object.entries(canaryForms(secret)))('%s is masked', (_name, form) => {
    const clean = holding(secret).scrub(`before ${form} after`)
    expect(clean).not.toContain(form)
    expect(clean).toMatch(/^before .*\[redacted\].* after$/)
  })
})

test('a line without a secret comes back as it was', () => {
  const line = '{"level":"info","event":"rotation promoted","credential":"vonage"}\n'
  expect(holding(...SECRETS).scrub(line)).toBe(line)
})

test('every occurrence is masked, at the edges and side by side', () => {
  const live = holding('Xy12345678', 'Zw87654321')
  expect(live.scrub('Xy12345678Zw87654321Xy12345678 Zw87654321')).toBe(
    '[redacted][redacted][redacted] [redacted]',
  )
})

test('the longer of two secrets with one beginning is masked as a whole', () => {
  expect(holding('abcd1234', 'abcd1234EFGH').scrub('abcd1234EFGH')).toBe('[redacted]')
})

test('a retired secret is forgotten, one that stays is not', () => {
  const live = holding('Xy12345678', 'Zw87654321')
  live.set('vonage', [new SecretValue('Zw87654321'), new SecretValue('Uv55555555')])
  expect(live.scrub('Xy12345678 Zw87654321 Uv55555555')).toBe('Xy12345678 [redacted] [redacted]')
})

test('a secret of two owners stays masked until both let go', () => {
  const live = new LiveSecrets()
  live.set('a', [new SecretValue('Xy12345678'), new SecretValue('Xy12345678')])
  live.set('b', [new SecretValue('Xy12345678')])
  live.set('a', [])
  expect(live.scrub('Xy12345678')).toBe('[redacted]')
  live.set('b', [])
  expect(live.scrub('Xy12345678')).toBe('Xy12345678')
})

test('a form that two secrets have is masked as long as one of them lives', () => {
  const secrets = new LiveSecrets()
  // The first one, percent-encoded, is the second.
  secrets.set('one', [new SecretValue('abcd/efgh')])
  secrets.set('other', [new SecretValue('abcd%2Fefgh')])
  secrets.set('one', [])
  expect(secrets.scrub('<abcd%2Fefgh>')).toBe('<[redacted]>')
  secrets.set('other', [])
  expect(secrets.scrub('<abcd%2Fefgh>')).toBe('<abcd%2Fefgh>')
})

test('a secret too short to tell from words masks nothing', () => {
  expect(holding('ab', '').scrub('about a cab')).toBe('about a cab')
})
