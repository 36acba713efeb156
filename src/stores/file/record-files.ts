import type { CredentialRecord } from '../../kernel/credential.ts'
import { StoreUnreadableError } from '../../kernel/errors.ts'
import type { Stored, StoreVersion } from '../../kernel/ports/store.ts'
import { openSealed, SCHEMA } from '../open-sealed.ts'
import { RecordCodec } from '../record-codec.ts'
import type { Seal } from '../seal.ts'
import { type AtomicWriter, syncDirectory } from './atomic-writer.ts'
import { readPrivateFile } from './read-private-file.ts'
import type { StorePaths } from './store-paths.ts'

/**
 * The sealed files of each credential: its record, and its mark, which holds the highest version that was written.
 * The mark is put in place after the record and read before it, so it never exceeds an honest record: a record below
 * its mark is an older backup, and a mark without a record means that the record was lost.
 *
 * What can't be seen: both files restored from one backup while no Sidekey runs. While one runs, it remembers the
 * highest version it has seen.
 */
export class RecordFiles {
  readonly #paths: StorePaths
  readonly #seal: Seal
  readonly #codec: RecordCodec
  readonly #writer: AtomicWriter
  readonly #highest = new Map<string, StoreVersion>()

  constructor(paths: StorePaths, seal: Seal, writer: AtomicWriter) {
    this.#paths = paths
    this.#seal = seal
    this.#codec = new RecordCodec(seal)
    this.#writer = writer
  }

  /** @throws StoreUnreadableError `store-unreadable` damage, a wrong key, an older backup, or a lost record */
  async read(credentialId: string): Promise<Stored | null> {
    const where = this.#paths.record(credentialId)
    const known = this.#highest.get(credentialId) ?? 0
    const marked = await this.#readMark(credentialId)
    const floor = Math.max(known, marked)
    const bytes = await readPrivateFile(where)
    if (bytes === null && floor === 0) return null
    if (bytes === null) {
      throw new StoreUnreadableError(
        `${where} is gone, it had version ${floor}: restore it, its secrets are known nowhere else`,
      )
    }
    const stored = this.#codec.decode(bytes, { credentialId, where })
    if (stored.version < floor) {
      throw new StoreUnreadableError(
        `${where} is an older backup, version ${stored.version} of ${floor}: put the newest one back; to go on with ` +
          `the older one, delete ${this.#paths.mark(credentialId)} and restart`,
      )
    }
    this.#saw(credentialId, stored.version)
    return stored
  }

  /** Writes the record after the one that was read; the caller holds the credential's lock and has just read. */
  async write(
    credentialId: string,
    record: CredentialRecord,
    before: Stored | null,
    stillMine: () => Promise<void>,
  ): Promise<StoreVersion> {
    const version = (before?.version ?? 0) + 1
    const recordPath = this.#paths.record(credentialId)
    const markPath = this.#paths.mark(credentialId)
    // Both are on the disk before either is in place, so that a full disk can't strike in between.
    const newRecord = await this.#writer.prepare(recordPath, this.#codec.encode(record, version))
    try {
      const newMark = await this.#writer.prepare(
        markPath,
        this.#sealMark(credentialId, record, version),
      )
      try {
        await stillMine()
        await newRecord.place()
        await syncDirectory(this.#paths.directory)
        await newMark.place()
      } finally {
        await newMark.discard()
      }
    } finally {
      await newRecord.discard()
    }
    this.#saw(credentialId, version)
    return version
  }

  async #readMark(credentialId: string): Promise<StoreVersion> {
    const where = this.#paths.mark(credentialId)
    const bytes = await readPrivateFile(where)
    if (bytes === null) return 0
    return openSealed(this.#seal, bytes, { kind: 'mark', credentialId, where }).header.version
  }

  #sealMark(credentialId: string, { account }: CredentialRecord, version: StoreVersion): Buffer {
    return this.#seal.seal({ sidekey: 'mark', schema: SCHEMA, credentialId, account, version }, '')
  }

  #saw(credentialId: string, version: StoreVersion): void {
    this.#highest.set(credentialId, Math.max(version, this.#highest.get(credentialId) ?? 0))
  }
}
