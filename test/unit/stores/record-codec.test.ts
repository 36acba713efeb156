import { inspect } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CredentialRecord } from '../../../src/kernel/credential.ts'
import { AssertionError, ConfigError, StoreUnreadableError } from '../../../src/kernel/errors.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'
import { RecordCodec } from '../../../src/stores/record-codec.ts'
import { Seal } from '../../../src/stores/seal.ts'
import { fullRecord, idleRecord, revealed } from '../../contract/record.ts'
import { SeededRandom } from '../../fakes/random.ts'

const KEY = Buffer.alloc(32, 7)
const OTHER_KEY = Buffer.alloc(32, 8)
const ORIGIN = { credentialId: 'partner', where: '/store/partner.record' }

const sealWith = (...keys: Buffer[]) => new Seal(keys, new SeededRandom(1))
const codec = new RecordCodec(sealWith(KEY))

/** The error of a decode that must fail. */
function failure(bytes: Uint8Array, by = codec, origin = ORIGIN): Error {
  try {
    by.decode(bytes, origin)
  } catch (error) {
    return error as Error
  }
  throw new Error('decoded without an error')
}

test('gives back every field and every secret', () => {
  const record = fullRecord('partner')
  const stored = codec.decode(codec.encode(record, 42), ORIGIN)
  expect(stored.version).toBe(42)
  expect(revealed(stored.record)).toEqual(revealed(record))
  expect(stored.record.current.value).toBeInstanceOf(SecretValue)
})

test('gives back any text as a secret', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      const record = idleRecord('partner')
      const changed = { ...record, current: { ...record.current, value: new SecretValue(text) } }
      const stored = codec.decode(codec.encode(changed, 1), ORIGIN)
      expect(stored.record.current.value.expose()).toBe(text)
    }),
  )
})

test('holds no secret in clear text, and never the same bytes twice', () => {
  const record = fullRecord('partner')
  const bytes = codec.encode(record, 1)
  for (const word of ['Planted', 'staged', 'id-1']) expect(bytes.includes(word)).toBe(false)
  expect(bytes.toString('latin1').split('\n')[0]).toMatch(
    /^{"sidekey":"record","schema":1,"credentialId":"partner","account":"partner-account","version":1,"keyId":"[0-9a-f]{8}"}$/,
  )
  expect(codec.encode(record, 1).equals(bytes)).toBe(false)
})

test('no byte can change, and none can be missing', () => {
  const bytes = codec.encode(fullRecord('partner'), 42)
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes)
    flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at)
    expect(failure(flipped)).toBeInstanceOf(StoreUnreadableError)
    expect(failure(bytes.subarray(0, at))).toBeInstanceOf(StoreUnreadableError)
  }
  expect(failure(Buffer.concat([bytes, Buffer.from('x')]))).toBeInstanceOf(StoreUnreadableError)
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['blanks', Buffer.from('\n\n\n')],
  ['JSON that is none of ours', Buffer.from('{"keyId":7}\n')],
  ['a JSON text', Buffer.from('"keyId"\n')],
])('an error names the file and what to do: %s', (_name, bytes) => {
  expect(failure(bytes).message).toBe(
    '/store/partner.record is damaged, or no file of Sidekey: restore the newest backup of it',
  )
})

test('a wrong key is an error that names both keys, not an empty start', () => {
  const bytes = codec.encode(idleRecord('partner'), 1)
  const other = failure(bytes, new RecordCodec(sealWith(OTHER_KEY)))
  expect(other).toBeInstanceOf(StoreUnreadableError)
  expect(other.message).toMatch(
    /^\/store\/partner\.record was written with another key \(id [0-9a-f]{8}; the configured one is [0-9a-f]{8}\): configure the key that it was written with$/,
  )
})

test('an old key still opens what a new key replaces, and only the new one seals', () => {
  const old = codec.encode(idleRecord('partner'), 1)
  const both = new RecordCodec(sealWith(OTHER_KEY, KEY))
  const { record } = both.decode(old, ORIGIN)
  const renewed = both.encode(record, 2)
  expect(new RecordCodec(sealWith(OTHER_KEY)).decode(renewed, ORIGIN).version).toBe(2)
  expect(failure(renewed)).toBeInstanceOf(StoreUnreadableError)
})

test("another credential's file is refused by name", () => {
  const bytes = codec.encode(idleRecord('marketing'), 1)
  expect(failure(bytes).message).toBe(
    '/store/partner.record holds the record of the credential "marketing": put back the record of "partner"',
  )
})

test('a header can not be exchanged: it is authenticated with the secrets', () => {
  const [, ...body] = splitLine(codec.encode(idleRecord('marketing'), 1))
  const [header] = splitLine(codec.encode(idleRecord('partner'), 9))
  expect(failure(Buffer.concat([header!, ...body])).message).toContain('damaged or tampered with')
})

test('what another version wrote is refused, never half understood', () => {
  const seal = sealWith(KEY)
  const header = { sidekey: 'record', credentialId: 'partner', account: 'a', version: 1 }
  expect(failure(seal.seal({ ...header, schema: 2 }, '{}')).message).toContain('does not know')
  const newer = JSON.stringify({ ...idleRecord('partner'), moreOfIt: 1 })
  expect(failure(seal.seal({ ...header, schema: 1 }, newer)).message).toContain(
    'does not understand',
  )
  expect(failure(seal.seal({ ...header, schema: 1 }, 'Planted9')).message).toContain('the whole')
})

test('a record that contradicts its header, or a rule, is refused', () => {
  const seal = sealWith(KEY)
  const clear = (record: CredentialRecord) =>
    JSON.stringify(record, (key, value: unknown) => (key === 'value' ? 'Planted' : value))
  const header = { sidekey: 'record', schema: 1, credentialId: 'partner', version: 1 }
  const stranger = seal.seal({ ...header, account: 'another' }, clear(idleRecord('partner')))
  expect(failure(stranger)).toBeInstanceOf(StoreUnreadableError)
  const broken = idleRecord('partner', { phase: 'staged' })
  const sealed = seal.seal({ ...header, account: broken.account }, clear(broken))
  expect(failure(sealed)).toBeInstanceOf(AssertionError)
  expect(() => codec.encode(broken, 1)).toThrow(AssertionError)
})

test('no error holds a secret', () => {
  const seal = sealWith(KEY)
  const header = { sidekey: 'record', schema: 1, credentialId: 'partner', account: 'a', version: 1 }
  const texts = ['Planted9', '{"current":{"value":"Planted9"', '{"phase":"Planted9","Planted9":1}']
  for (const text of texts) {
    expect(inspect(failure(seal.seal(header, text)), { depth: null })).not.toContain('Planted')
  }
})

test('a key that has not 32 bytes is an error of the configuration', () => {
  expect(() => sealWith(Buffer.alloc(31))).toThrow(ConfigError)
  expect(() => sealWith()).toThrow(ConfigError)
})

function splitLine(bytes: Buffer): [Buffer, Buffer] {
  const end = bytes.indexOf(0x0a) + 1
  return [bytes.subarray(0, end), bytes.subarray(end)]
}
