import { assertCredential, type CredentialRecord } from '../kernel/credential.ts'
import { StoreUnreadableError } from '../kernel/errors.ts'
import type { Stored, StoreVersion } from '../kernel/ports/store.ts'
import { SecretValue } from '../kernel/secret-value.ts'
import { openSealed } from './open-sealed.ts'
import { recordSchema } from './record-schema.ts'
import type { Seal } from './seal.ts'

/** Where the bytes of a record came from, for the error that names it: a path, or the name of an object. */
export interface RecordOrigin {
  readonly credentialId: string
  readonly where: string
}

/**
 * Turns records into sealed bytes and back, the same for every store. The readable header names schema, credential,
 * account, store version and key; all of it is authenticated, so a record can't be passed off as another
 * credential's, or as another version.
 */
export class RecordCodec {
  readonly #seal: Seal

  constructor(seal: Seal) {
    this.#seal = seal
  }

  /** @throws AssertionError `assertion-failed` for a record that breaks a rule */
  encode(record: CredentialRecord, version: StoreVersion): Buffer {
    assertCredential(record)
    const { schema, credentialId, account } = record
    return this.#seal.seal(
      { sidekey: 'record', schema, credentialId, account, version },
      toJson(record),
    )
  }

  /**
   * @throws StoreUnreadableError `store-unreadable` for a wrong key, damage, another credential's record or an
   *   unknown schema; it names `where` and what to do
   * @throws AssertionError `assertion-failed` for a record that breaks a rule
   */
  decode(bytes: Uint8Array, { credentialId, where }: RecordOrigin): Stored {
    const { header, text } = openSealed(this.#seal, bytes, { kind: 'record', credentialId, where })
    const record = fromJson(text, where)
    if (record.credentialId !== credentialId || record.account !== header.account) {
      throw new StoreUnreadableError(`${where} contradicts its own header: restore a backup of it`)
    }
    assertCredential(record)
    return { record, version: header.version }
  }
}

function toJson(record: CredentialRecord): string {
  // A plain replacer comes after `toJSON`, and would see (and so store) "[redacted]".
  return JSON.stringify(record, function (this: Record<string, unknown>, key, value: unknown) {
    const held = this[key]
    return held instanceof SecretValue ? held.expose() : value
  })
}

function fromJson(text: string, where: string): CredentialRecord {
  const parsed = recordSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  // Paths only: neither a message of the parser nor a value may reach a log.
  const paths = parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole').join(', ')
  throw new StoreUnreadableError(
    `${where} holds a record that this version does not understand (${paths}): ` +
      'run the Sidekey that wrote it, or a newer one',
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
