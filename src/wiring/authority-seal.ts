import type { KeySeal } from '../authority/local-authority.ts'
import { StoreUnreadableError } from '../kernel/errors.ts'
import type { Random } from '../kernel/ports/random.ts'
import { Seal } from '../stores/seal.ts'

/**
 * Keeps the key of the local authority under the key of the store.
 * @param key 32 bytes; see `store.keyFile`
 */
export function authoritySeal(key: Uint8Array, random: Random): KeySeal {
  const seal = new Seal([key], random)
  return {
    seal: (text) => seal.seal({ sidekey: 'authority', schema: 1 }, text),
    open: (sealed, where) => {
      const opened = seal.open(sealed)
      // A record of the store is sealed with the same key, and is no key of an authority.
      if (opened.kind === 'opened' && opened.header['sidekey'] === 'authority') {
        return opened.plaintext.toString('utf8')
      }
      const cause =
        opened.kind === 'unknown-key'
          ? `was written with another key of the store (id ${opened.keyId})`
          : 'is damaged'
      throw new StoreUnreadableError(
        `${where} ${cause}: configure the key that it was written with, or remove it, and let clients trust the new authority`,
      )
    },
  }
}
