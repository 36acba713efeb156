import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { ConfigError } from '../kernel/errors.ts'
import type { Random } from '../kernel/ports/random.ts'

/** Bytes of a store's key: AES-256. */
const STORE_KEY_BYTES = 32

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const NEWLINE = 0x0a

/** Why sealed bytes can't be opened. `damaged` covers tampering: authentication can't tell them apart. */
type OpenFailure = 'malformed' | 'unknown-key' | 'damaged'

export type Opened =
  | { readonly kind: 'opened'; readonly header: SealedHeader; readonly plaintext: Buffer }
  | { readonly kind: OpenFailure; readonly keyId: string | null }

/** What stands readable before the sealed part, and is authenticated with it. */
type SealedHeader = Readonly<Record<string, unknown>> & { readonly keyId: string }

interface SealKey {
  readonly id: string
  /** As an object it does not print, and Node 24 takes a quarter of the time that it takes with bytes. */
  readonly secret: KeyObject
}

/**
 * Authenticated encryption of what a store holds: one line of JSON (the header), then nonce, tag and ciphertext of
 * AES-256-GCM. The header is the associated data, byte for byte, so no bit of the whole can change unnoticed. The
 * nonce is random: one key is good for 2^32 writes, a century of one write each second.
 */
export class Seal {
  readonly #keys: readonly SealKey[]
  readonly #writing: SealKey
  readonly #random: Random

  /**
   * @param keys the first one seals, every one opens: the seam for changing the key
   * @throws ConfigError `configuration-invalid` a key is missing or has not 32 bytes
   */
  constructor(keys: readonly Uint8Array[], random: Random) {
    this.#keys = keys.map((key) => deriveKey(key))
    const [writing] = this.#keys
    if (writing === undefined) throw badKey()
    this.#writing = writing
    this.#random = random
  }

  /** The first 8 hex digits of a hash of the key that seals; public. */
  get keyId(): string {
    return this.#writing.id
  }

  seal(header: Readonly<Record<string, string | number>>, plaintext: string): Buffer {
    const nonce = Buffer.from(this.#random.id(), 'hex').subarray(0, NONCE_BYTES)
    const line = Buffer.from(`${JSON.stringify({ ...header, keyId: this.#writing.id })}\n`)
    const cipher = createCipheriv(CIPHER, this.#writing.secret, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(line)
    const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()])
    return Buffer.concat([line, nonce, cipher.getAuthTag(), sealed])
  }

  open(bytes: Uint8Array): Opened {
    const end = bytes.indexOf(NEWLINE) + 1
    const header = parseHeader(bytes.subarray(0, end))
    const body = bytes.subarray(end)
    if (header === null || body.length < NONCE_BYTES + TAG_BYTES) {
      return { kind: 'malformed', keyId: null }
    }
    const key = this.#keys.find((candidate) => candidate.id === header.keyId)
    if (key === undefined) return { kind: 'unknown-key', keyId: header.keyId }
    const plaintext = decrypt(key, bytes.subarray(0, end), body)
    return plaintext === null
      ? { kind: 'damaged', keyId: key.id }
      : { kind: 'opened', header, plaintext }
  }
}

function deriveKey(key: Uint8Array): SealKey {
  if (key.length !== STORE_KEY_BYTES) throw badKey()
  const derive = (label: string, length: number) =>
    Buffer.from(hkdfSync('sha256', key, new Uint8Array(), label, length))
  return {
    id: derive('sidekey store key id v1', 4).toString('hex'),
    secret: createSecretKey(derive('sidekey store seal v1', STORE_KEY_BYTES)),
  }
}

function parseHeader(line: Uint8Array): SealedHeader | null {
  try {
    const header: unknown = JSON.parse(Buffer.from(line).toString('utf8'))
    if (typeof header !== 'object' || header === null || !('keyId' in header)) return null
    const { keyId } = header
    if (typeof keyId !== 'string' || !/^[0-9a-f]{8}$/.test(keyId)) return null
    return { ...header, keyId }
  } catch {
    return null
  }
}

function decrypt(key: SealKey, line: Uint8Array, body: Uint8Array): Buffer | null {
  const nonce = body.subarray(0, NONCE_BYTES)
  const decipher = createDecipheriv(CIPHER, key.secret, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(line)
  decipher.setAuthTag(body.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  try {
    return Buffer.concat([
      decipher.update(body.subarray(NONCE_BYTES + TAG_BYTES)),
      decipher.final(),
    ])
  } catch {
    return null
  }
}

function badKey(): ConfigError {
  return new ConfigError([
    {
      path: 'store.keyFile',
      line: null,
      message: `the key of the store must have ${STORE_KEY_BYTES} bytes`,
      remedy:
        'write 32 random bytes as base64 or hex into the file, for example: openssl rand -hex 32',
    },
  ])
}
