import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { createFingerprinter } from '../../../src/platform/fingerprint.ts'

const key = Buffer.alloc(32, 7)
const value = new SecretValue('Planted1Secret')

test('the same value has the same fingerprint, another value another one', () => {
  const fingerprint = createFingerprinter(key)
  expect(fingerprint(value)).toMatch(/^[0-9a-f]{12}$/)
  expect(createFingerprinter(key)(new SecretValue('Planted1Secret'))).toBe(fingerprint(value))
  expect(fingerprint(new SecretValue('Planted1Secreu'))).not.toBe(fingerprint(value))
})

test('it depends on the key, so that guesses can not be hashed without it', () => {
  const plain = createHash('sha256').update(value.expose()).digest('hex').slice(0, 12)
  const found = createFingerprinter(key)(value)
  expect(found).not.toBe(plain)
  expect(found).not.toBe(createFingerprinter(Buffer.alloc(32, 8))(value))
})
