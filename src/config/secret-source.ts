import { createSecretKey, type KeyObject } from 'node:crypto'
import { SECRET_FILE_MAX_BYTES } from '../kernel/limits.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { readLimitedFile } from './read-limited-file.ts'
import { Refusal } from './refusal.ts'

/** Where a secret is read from. */
export type SecretSource =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'env'; readonly name: string }

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
 * Reads a secret or a token. A final newline is taken off, one and no more; nothing else is changed.
 * @returns a refusal for what is missing, unreadable, empty, above 64 KiB, not UTF-8 or unfit for a header
 */
export async function readSecretSource(
  source: SecretSource,
  env: Environment,
  rules: SecretRules = { fitsHeader: false },
): Promise<SecretValue | Refusal> {
  const text = await readText(source, env)
  if (text instanceof Refusal) return text
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
  source: SecretSource,
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

async function readText(source: SecretSource, env: Environment): Promise<string | Refusal> {
  if (source.kind === 'env') {
    const value = env[source.name]
    return value === undefined ? MISSING_VARIABLE : value.replace(ONE_FINAL_NEWLINE, '')
  }
  const text = await readLimitedFile(source.path, SECRET_FILE_MAX_BYTES)
  return text instanceof Refusal ? text : text.replace(ONE_FINAL_NEWLINE, '')
}
