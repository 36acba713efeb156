import type { CredentialRecord } from '../../kernel/credential.ts'
import { AssertionError, StoreConflictError } from '../../kernel/errors.ts'
import type { Clock, Stop } from '../../kernel/ports/clock.ts'
import type { Log } from '../../kernel/ports/log.ts'
import type { Random } from '../../kernel/ports/random.ts'
import type {
  LastUses,
  Lease,
  Member,
  Store,
  Stored,
  StoreVersion,
} from '../../kernel/ports/store.ts'
import { Seal } from '../seal.ts'
import { Turns } from '../turns.ts'
import { AtomicWriter } from './atomic-writer.ts'
import { DirectoryWatch } from './directory-watch.ts'
import { explainErrors } from './file-errors.ts'
import { FileLeases } from './file-lease.ts'
import { acquireLock, type HeldLock } from './file-lock.ts'
import { type Exclusively, FileMembers } from './file-members.ts'
import { prepareDirectory } from './prepare-directory.ts'
import { ownIdentity, type ProcessIdentity } from './process-identity.ts'
import { RecordFiles } from './record-files.ts'
import { StorePaths } from './store-paths.ts'

export interface FileStoreOptions {
  /** Made with mode 0700 where it is missing. Below a mounted volume, not the mount point itself. */
  readonly directory: string
  /** 32 bytes; see `store.keyFile`. */
  readonly key: Uint8Array
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/**
 * Opens the store of one host: a directory of encrypted files that the processes of that host may share.
 * @throws ConfigError `configuration-invalid` the key has another length, or the directory or a file in it is a symbolic
 *   link, open to others or somebody else's
 * @throws StoreUnavailableError `store-unavailable` the directory can't be made or listed
 */
export async function openFileStore(options: FileStoreOptions): Promise<Store> {
  const seal = new Seal([options.key], options.random)
  const own = ownIdentity()
  await explainErrors(`open the store ${options.directory}`, () =>
    prepareDirectory(options.directory, own, options.log),
  )
  return new FileStore(options, seal, own)
}

class FileStore implements Store {
  readonly #options: FileStoreOptions
  readonly #own: ProcessIdentity
  readonly #paths: StorePaths
  readonly #records: RecordFiles
  readonly #leases: FileLeases
  readonly #members: FileMembers
  readonly #watch: DirectoryWatch
  /** The writes of each credential that this process has begun. */
  readonly #turns = new Turns()

  constructor(options: FileStoreOptions, seal: Seal, own: ProcessIdentity) {
    const { directory, clock, random, log } = options
    const paths = new StorePaths(directory)
    const writer = new AtomicWriter(own, random.id())
    this.#options = options
    this.#own = own
    this.#paths = paths
    this.#records = new RecordFiles(paths, seal, writer)
    const exclusively: Exclusively = (id, work) => this.#locked(id, work)
    this.#leases = new FileLeases({ clock, own, writer, exclusively })
    this.#members = new FileMembers({ paths, own, writer, log, clock, exclusively })
    this.#watch = new DirectoryWatch(directory, clock, log)
  }

  read(credentialId: string): Promise<Stored | null> {
    return explainErrors(`read ${this.#paths.record(credentialId)}`, () =>
      this.#records.read(credentialId),
    )
  }

  async compareAndSwap(
    credentialId: string,
    expected: StoreVersion | null,
    record: CredentialRecord,
  ): Promise<StoreVersion> {
    if (record.credentialId !== credentialId) {
      throw new AssertionError(`the record breaks a rule: it is saved as its own credential's`)
    }
    const path = this.#paths.record(credentialId)
    const version = await explainErrors(`write ${path}`, () =>
      this.#locked(credentialId, async (lock) => {
        const before = await this.#records.read(credentialId)
        if ((before?.version ?? null) !== expected) {
          throw new StoreConflictError(`somebody else wrote ${path}`)
        }
        return this.#records.write(credentialId, record, before, lock.check)
      }),
    )
    this.#watch.look(path)
    return version
  }

  watch(credentialId: string, changed: () => void): Stop {
    return this.#watch.subscribe(this.#paths.record(credentialId), changed)
  }

  async acquireLease(credentialId: string, holder: string, ttlMs: number): Promise<Lease | null> {
    const path = this.#paths.lease(credentialId)
    const explained = <T>(work: () => Promise<T>) => explainErrors(`write ${path}`, work)
    const lease = await explained(() => this.#leases.acquire(credentialId, path, holder, ttlMs))
    if (lease === null) return null
    return {
      fence: lease.fence,
      renew: () => explained(() => lease.renew()),
      release: () => explained(() => lease.release()),
    }
  }

  publishMember(credentialId: string, member: Member): Promise<void> {
    return explainErrors(`write ${this.#paths.member(credentialId, member.instance)}`, () =>
      this.#members.publish(credentialId, member),
    )
  }

  members(credentialId: string): Promise<readonly Member[]> {
    return explainErrors(`list ${this.#paths.directory}`, () => this.#members.list(credentialId))
  }

  goneUses(credentialId: string): Promise<LastUses> {
    return explainErrors(`read ${this.#paths.gone(credentialId)}`, () =>
      this.#members.goneUses(credentialId),
    )
  }

  removeMember(credentialId: string, instance: string): Promise<void> {
    return explainErrors(`remove ${this.#paths.member(credentialId, instance)}`, () =>
      this.#members.remove(credentialId, instance),
    )
  }

  async close(): Promise<void> {
    this.#watch.close()
    await this.#turns.settled()
  }

  /** Runs `work` alone: in this process by a queue, among the processes of the host by a lock. */
  #locked<T>(credentialId: string, work: (lock: HeldLock) => Promise<T>): Promise<T> {
    return this.#turns.take(credentialId, () => this.#underLock(credentialId, work))
  }

  async #underLock<T>(credentialId: string, work: (lock: HeldLock) => Promise<T>): Promise<T> {
    const lock = await acquireLock(this.#paths.lock(credentialId), {
      clock: this.#options.clock,
      own: this.#own,
      nextNonce: () => this.#options.random.id(),
    })
    try {
      return await work(lock)
    } finally {
      await lock.release()
    }
  }
}
