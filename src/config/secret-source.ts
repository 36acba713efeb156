import { createSecretKey, type KeyObject } from 'node:crypto'
import { SECRET_FILE_MAX_BYTES } from '../kernel/limits.ts'
import type { LocalSource } from '../kernel/secret-source.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { textInJson } from './text-in-json.ts'
import { readLimitedFile } from './read-limited-file.ts'
import { Refusal } from './refusal.ts'

/** The environment as it was captured at the start. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface SecretRules {
  /** A route writes it into a header as it is: visible ASCII, spaces inside only (RFC 9110, section 5.5). */
  readonly fitsHeader: boolean
}

/** The variable is not there; like `MISSING_FILE`. */
export const MISSING_VARIABLE = new Refusal(
  'the environment variable is not set',
  'set it, or mount a file instead',
)

const STORE_KEY_BYTES = 32
const HEADER_TEXT = /^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/
const ONE_FINAL_NEWLINE = /\r?\n$/

/**
 * Reads a secret or a token of this machine.
 * @returns a refusal for what is missing, unreadable, above 64 KiB, not UTF-8, or refused by `acceptSecret`
 */
export async function readSecretSource(
  source: LocalSource,
  env: Environment,
  rules: SecretRules = { fitsHeader: false },
): Promise<SecretValue | Refusal> {
  const text = await readText(source, env)
  return text instanceof Refusal ? text : acceptSecret(new SecretValue(text), rules)
}

/**
 * What every secret goes through, wherever it was read. A final newline is taken off, one and no more; nothing else is
 * changed.
 * @returns a refusal for what is empty, or unfit for a header
 */
export function acceptSecret(read: SecretValue, rules: SecretRules): SecretValue | Refusal {
  const text = read.expose().replace(ONE_FINAL_NEWLINE, '')
  if (text === '') return new Refusal('is empty', 'write the secret there')
  if (rules.fitsHeader && !HEADER_TEXT.test(text)) {
    return new Refusal(
      'holds characters that can not stand in a header',
      'use visible ASCII without line breaks, or inject it by query, form or json',
    )
  }
  return new SecretValue(text)
}

/**
 * Reads the key of the store: 32 bytes as base64 or hex, in an object that does not print.
 * @returns a refusal for what is missing, unreadable or no such key
 */
export async function readStoreKey(
  source: LocalSource,
  env: Environment,
): Promise<KeyObject | Refusal> {
  const text = await readText(source, env)
  if (text instanceof Refusal) return text
  const bytes = decodeKey(text.trim())
  if (bytes === null) {
    return new Refusal('holds no key of 32 bytes', 'make one with: openssl rand -base64 32')
  }
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

/** Base64url too, since some tools write it. */
function decodeKey(text: string): Buffer | null {
  const hex = /^[0-9a-fA-F]{64}$/.test(text)
  if (!hex && !/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null
  const bytes = Buffer.from(text, hex ? 'hex' : 'base64')
  return bytes.length === STORE_KEY_BYTES ? bytes : null
}

async function readText(source: LocalSource, env: Environment): Promise<string | Refusal> {
  if (source.kind === 'env') return env[source.name] ?? MISSING_VARIABLE
  const text = await readLimitedFile(source.path, SECRET_FILE_MAX_BYTES)
  return text instanceof Refusal || source.json === undefined ? text : textInJson(text, source.json)
}
