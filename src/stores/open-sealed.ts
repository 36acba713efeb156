import { z } from 'zod'
import { StoreUnreadableError } from '../kernel/errors.ts'
import type { Seal } from './seal.ts'

/** The only layout so far, of records and of marks. */
export const SCHEMA = 1

/** What sealed bytes must turn out to be, and where they came from (a path, or the name of an object). */
export interface Expected {
  readonly kind: 'record' | 'mark'
  readonly credentialId: string
  readonly where: string
}

const headerSchema = z.strictObject({
  sidekey: z.string(),
  schema: z.literal(SCHEMA),
  credentialId: z.string(),
  account: z.string(),
  version: z.int().min(1),
  keyId: z.string(),
})

/** The readable first line of what a store holds, authenticated with the rest. */
type Header = Readonly<z.infer<typeof headerSchema>>

export interface OpenedDocument {
  readonly header: Header
  readonly text: string
}

/**
 * Opens sealed bytes, or says which file is wrong and what to do about it.
 * @throws StoreUnreadableError `store-unreadable` for a wrong key, damage, another credential's document, an
 *   unknown schema
 */
export function openSealed(seal: Seal, bytes: Uint8Array, expected: Expected): OpenedDocument {
  const { where } = expected
  const opened = seal.open(bytes)
  switch (opened.kind) {
    case 'malformed':
      throw new StoreUnreadableError(
        `${where} is damaged, or no file of Sidekey: restore the newest backup of it`,
      )
    case 'unknown-key':
      throw new StoreUnreadableError(
        `${where} was written with another key (id ${opened.keyId}; the configured one is ${seal.keyId}): ` +
          'configure the key that it was written with',
      )
    case 'damaged':
      throw new StoreUnreadableError(
        `${where} was damaged or tampered with: restore the newest backup of it`,
      )
    case 'opened':
      return {
        header: checkHeader(opened.header, expected),
        text: opened.plaintext.toString('utf8'),
      }
  }
}

function checkHeader(found: unknown, { kind, credentialId, where }: Expected): Header {
  const header = headerSchema.safeParse(found)
  if (!header.success) {
    throw new StoreUnreadableError(
      `${where} has a layout that this version does not know: run the Sidekey that wrote it, or a newer one`,
    )
  }
  if (header.data.sidekey !== kind || header.data.credentialId !== credentialId) {
    throw new StoreUnreadableError(
      `${where} holds the ${header.data.sidekey} of the credential ${JSON.stringify(header.data.credentialId)}: ` +
        `put back the ${kind} of ${JSON.stringify(credentialId)}`,
    )
  }
  return header.data
}
