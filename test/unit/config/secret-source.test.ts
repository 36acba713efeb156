import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Refusal } from '../../../src/config/refusal.ts'
import { readSecretSource, readStoreKey } from '../../../src/config/secret-source.ts'
import { SECRET_FILE_MAX_BYTES } from '../../../src/kernel/limits.ts'
import { SecretValue } from '../../../src/kernel/secret-value.ts'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidekey-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function file(content: string | Uint8Array) {
  const path = join(directory, 'secret')
  await writeFile(path, content)
  return { kind: 'file', path } as const
}

async function exposed(content: string | Uint8Array, fitsHeader = false): Promise<string> {
  const value = await readSecretSource(await file(content), {}, { fitsHeader })
  return value instanceof SecretValue ? value.expose() : value.toString()
}

test.each([
  ['value', 'value'],
  ['value\n', 'value'],
  ['value\r\n', 'value'],
  ['value\n\n', 'value\n'],
  [' value ', ' value '],
  ['\ufeffvalue', '\ufeffvalue'],
])('%j is read as %j: one final newline is taken off and nothing else', async (content, value) => {
  expect(await exposed(content)).toBe(value)
})

test('a link is followed, since mounted secrets are links', async () => {
  const { path } = await file('value')
  await symlink(path, join(directory, 'link'))
  const source = { kind: 'file', path: join(directory, 'link') } as const
  expect(await readSecretSource(source, {})).toBeInstanceOf(SecretValue)
})

test('a variable is read from the captured environment', async () => {
  const source = { kind: 'env', name: 'ACME' } as const
  const value = await readSecretSource(source, { ACME: 'value\n' })
  expect(value instanceof SecretValue && value.expose()).toBe('value')
  expect(await readSecretSource(source, {})).toMatchObject({
    message: 'the environment variable is not set',
  })
})

test.each([
  ['empty', '', 'is empty'],
  ['a newline', '\n', 'is empty'],
  ['no UTF-8', new Uint8Array([0x61, 0xff]), 'is no UTF-8 text'],
  ['too long', 'a'.repeat(SECRET_FILE_MAX_BYTES + 1), 'is longer than 65536 bytes'],
])('%s is refused', async (_name, content, message) => {
  expect(await readSecretSource(await file(content), {})).toMatchObject({ message })
})

test('the largest file that is allowed is read', async () => {
  expect(await exposed('a'.repeat(SECRET_FILE_MAX_BYTES))).toHaveLength(SECRET_FILE_MAX_BYTES)
})

test('a missing file and a directory are told apart', async () => {
  const missing = { kind: 'file', path: join(directory, 'none') } as const
  expect(await readSecretSource(missing, {})).toMatchObject({ message: 'the file does not exist' })
  const folder = { kind: 'file', path: directory } as const
  expect(await readSecretSource(folder, {})).toMatchObject({ message: 'is a directory' })
})

test.each(['value', "!~#$%^&*()_+-=[]{}|;':,./<>?`", 'two words', 'a'.repeat(10_000)])(
  'fits a header: %j',
  async (value) => {
    expect(await exposed(value, true)).toBe(value)
  },
)

test.each([
  'a\nb',
  'a\r\nX-Evil: 1',
  'a\r',
  'a\0b',
  'a\tb',
  ' leading',
  'trailing ',
  'pässword',
  '秘密',
  '\u{1f511}',
  'a\u007f',
  'a\u0085',
  '\u202ea',
  '\ufeffa',
])('can not stand in a header, but elsewhere exactly: %j', async (value) => {
  const refusal = await exposed(value, true)
  expect(refusal).toContain('can not stand in a header')
  expect(refusal).not.toContain(value)
  expect(await exposed(value)).toBe(value)
})

const HEX = '00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF'
const BYTES = Buffer.from(HEX, 'hex')

test.each([
  HEX,
  `${HEX}\n`,
  BYTES.toString('base64'),
  `  ${BYTES.toString('base64')}\n`,
  BYTES.toString('base64url'),
])('a key of 32 bytes is read: %j', async (text) => {
  const key = await readStoreKey(await file(text), {})
  expect(key instanceof Refusal ? null : key.export()).toEqual(BYTES)
  expect(inspect(key, { showHidden: true, depth: 9 })).not.toContain('00112233')
})

test.each(['', 'short', HEX.slice(2), `${HEX}00`, 'a'.repeat(32), `${HEX.slice(1)}g`])(
  '%j is no key, and is not shown',
  async (text) => {
    const refusal = await readStoreKey(await file(text), {})
    expect(refusal).toBeInstanceOf(Refusal)
    if (text !== '') expect(JSON.stringify(refusal)).not.toContain(text)
  },
)
