import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs'
import { join } from 'node:path'
import type { CredentialRecord, SecretVersion, Tombstone } from '../../src/kernel/credential.ts'
import type { Stored } from '../../src/kernel/ports/store.ts'
import { CryptoRandom } from '../../src/platform/crypto-random.ts'
import { RecordCodec } from '../../src/stores/record-codec.ts'
import { Seal } from '../../src/stores/seal.ts'

export const CREDENTIAL = 'vonage'
const FILE = `${CREDENTIAL}.record`

/** A version of the record as it was found on the disk. */
export interface Found extends Stored {
  /** When its bytes were written: a few milliseconds before it was put in place. */
  readonly writtenAtMs: number
}

/**
 * Reads every version of a record while a Sidekey writes it. The read is synchronous in the watcher's callback: the emulator
 * runs in this process, so no call of Sidekey is answered between a save and its reading here.
 */
export class RecordLog {
  readonly #directory: string
  readonly #codec: RecordCodec
  readonly #saw: (found: Found) => void
  #watcher: FSWatcher | null = null
  #latest: Found | null = null

  constructor(directory: string, key: Uint8Array, saw: (found: Found) => void) {
    this.#directory = directory
    this.#codec = new RecordCodec(new Seal([key], new CryptoRandom()))
    this.#saw = saw
    this.watch()
  }

  /** Watches what the directory's name means now; call it again after something was mounted there. */
  watch(): void {
    this.#watcher?.close()
    this.#watcher = watch(this.#directory, (_, name) => {
      if (name === FILE) this.read()
    })
  }

  /** The last sound record; null before the first. */
  get latest(): Found | null {
    return this.#latest
  }

  /** What is on the disk now, decrypted. */
  read(): Found | null {
    const where = join(this.#directory, FILE)
    try {
      const { mtimeMs } = statSync(where)
      const bytes = readFileSync(where)
      const stored = this.#codec.decode(bytes, { credentialId: CREDENTIAL, where })
      const found = { ...stored, writtenAtMs: Math.floor(mtimeMs) }
      if (found.version > (this.#latest?.version ?? 0)) {
        this.#latest = found
        this.#saw(found)
      }
      return found
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw error
    }
  }

  close(): void {
    this.#watcher?.close()
  }
}

/** Every version in a record, abandoned ones included. */
export function versionsIn(record: CredentialRecord): readonly (SecretVersion | Tombstone)[] {
  const { current, pending, previous, tombstones } = record
  return [current, pending, previous, ...tombstones].filter((version) => version !== null)
}
