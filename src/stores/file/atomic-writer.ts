import { constants } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import type { ProcessIdentity } from './process-identity.ts'
import { removeFile } from './remove-file.ts'

/** Readable and writable by the user that runs Sidekey, by nobody else. */
const FILE_MODE = 0o600

/** A file that is written and not yet in place. */
export interface PreparedFile {
  /** Puts it there in one step: a reader sees the old content or the new one, never a part. Discards it where that fails. */
  place(): Promise<void>
  /** Removes it, unless it was placed. */
  discard(): Promise<void>
}

/** Writes whole files or nothing: a temporary file beside the target, then a rename. */
export class AtomicWriter {
  readonly #prefix: string
  #written = 0

  /** @param nonce unique among the writers of the process; hex digits */
  constructor(writer: ProcessIdentity, nonce: string) {
    this.#prefix = `${writer.pid}-${writer.start}-${nonce}`
  }

  /** Writes and flushes `content` beside `path`, with mode 0600 from its first moment on. */
  prepare(path: string, content: string | Uint8Array): Promise<PreparedFile> {
    return this.#write(path, content, { flush: true })
  }

  /**
   * Replaces a file in one step. It survives a killed process but not a power cut, which saves a flush.
   * @param atMs the time that the file gets, wall clock
   */
  async replace(path: string, content: string | Uint8Array, atMs: number): Promise<void> {
    const file = await this.#write(path, content, { flush: false, atMs })
    await file.place()
  }

  async #write(
    path: string,
    content: string | Uint8Array,
    { flush, atMs }: { readonly flush: boolean; readonly atMs?: number },
  ): Promise<PreparedFile> {
    const temporary = `${path}.${this.#prefix}-${this.#written++}.tmp`
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
      const file = await open(temporary, flags, FILE_MODE)
      try {
        await file.writeFile(content)
        // Where a file system refuses, its own time of the write says about the same.
        if (atMs !== undefined) await file.utimes(atMs / 1_000, atMs / 1_000).catch(() => {})
        if (flush) await file.sync()
      } finally {
        await file.close()
      }
    } catch (error) {
      await removeFile(temporary)
      throw error
    }
    return new UnplacedFile(temporary, path)
  }
}

class UnplacedFile implements PreparedFile {
  readonly #temporary: string
  readonly #path: string
  #isPlaced = false

  constructor(temporary: string, path: string) {
    this.#temporary = temporary
    this.#path = path
  }

  async place(): Promise<void> {
    try {
      await rename(this.#temporary, this.#path)
      this.#isPlaced = true
    } catch (error) {
      await this.discard()
      throw error
    }
  }

  async discard(): Promise<void> {
    if (!this.#isPlaced) await removeFile(this.#temporary)
  }
}

/** Makes the names in a directory durable: a rename survives a power cut only after this. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The process that a temporary file belongs to, by its name; null for any other name. */
export function temporaryWriter(
  name: string,
): { readonly pid: number; readonly start: string } | null {
  const found = /\.(?<pid>\d+)-(?<start>\d*)-[0-9a-f]+-\d+\.tmp$/.exec(name)?.groups
  return found === undefined ? null : { pid: Number(found['pid']), start: found['start'] ?? '' }
}
