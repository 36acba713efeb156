import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { codeOf, StoreUnreadableError } from '../../kernel/errors.ts'
import { wrongWith } from './prepare-directory.ts'

/** A record has a few KiB, with all its tombstones; what is larger is no file of the store. */
const FILE_MAX_BYTES = 1024 * 1024

/** What a file holds, and when it was last written or touched, wall clock. */
export interface PrivateFile {
  readonly bytes: Buffer
  readonly changedAtMs: number
}

/**
 * Reads a file that only Sidekey may reach; null when there is none.
 * @throws StoreUnreadableError `store-unreadable` it is a symbolic link, open to others, or far too large
 */
export async function readPrivateFile(path: string): Promise<Buffer | null> {
  return (await readTimedFile(path))?.bytes ?? null
}

/** As `readPrivateFile`, with the time of the file. */
export async function readTimedFile(path: string): Promise<PrivateFile | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const found = await file.stat()
      const wrong = found.size > FILE_MAX_BYTES ? 'is too large' : wrongWith(found, 'file')
      if (wrong !== null) throw new StoreUnreadableError(`${path} ${wrong}: restore it, mode 0600`)
      return { bytes: await readAll(file, found.size), changedAtMs: Math.round(found.mtimeMs) }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    if (codeOf(error) === 'ELOOP') {
      throw new StoreUnreadableError(`${path} is a symbolic link: put the file itself there`, {
        cause: error,
      })
    }
    throw error
  }
}

/** Files of the store are replaced, never written to: its size tells where it ends, and saves the read that would. */
async function readAll(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size)
  let length = 0
  while (length < size) {
    const { bytesRead } = await file.read(bytes, length, size - length, length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return bytes.subarray(0, length)
}
