import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { SecretValue } from '../../src/kernel/secret-value.ts'

test('a secret value prints as redacted wherever it is printed', () => {
  const secret = new SecretValue('Xy12345678')
  const printed = [
    String(secret),
    // oxlint-disable-next-line typescript/restrict-template-expressions -- what the test is about
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret, { showHidden: true, depth: 5 }),
    inspect({ nested: { secret } }, { showHidden: true, depth: 5 }),
  ]
  for (const text of printed) {
    expect(text).not.toContain('Xy12345678')
    expect(text).toContain('[redacted]')
  }
  expect(secret.expose()).toBe('Xy12345678')
})
