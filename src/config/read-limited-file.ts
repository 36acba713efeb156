import { type FileHandle, open } from 'node:fs/promises'
import { codeOf } from '../kernel/errors.ts'
import { Refusal } from './refusal.ts'

/** Nothing is there. A second secret may be missing; whatever else is wrong with it is an error. */
export const MISSING_FILE = new Refusal(
  'the file does not exist',
  'create or mount it, or correct the path',
)

/**
 * Reads a UTF-8 file of at most `bytesMax` bytes. Symbolic links are followed, since Kubernetes mounts secrets by them.
 * @returns a refusal that says neither the path nor the content
 */
export async function readLimitedFile(path: string, bytesMax: number): Promise<string | Refusal> {
  try {
    const file = await open(path)
    try {
      return await readOpenFile(file, bytesMax)
    } finally {
      await file.close()
    }
  } catch (error) {
    return refusalOf(error)
  }
}

async function readOpenFile(file: FileHandle, bytesMax: number): Promise<string | Refusal> {
  const stat = await file.stat()
  if (stat.isDirectory()) return new Refusal('is a directory', 'name the file in it')
  // One byte more tells a file that is too long, or grows; a device or a pipe may not know its size.
  const expected = stat.size > 0 ? Math.min(stat.size, bytesMax) : bytesMax
  let buffer: Buffer = Buffer.alloc(expected + 1)
  let length = 0
  while (length <= bytesMax) {
    if (length === buffer.length) buffer = enlarge(buffer, bytesMax + 1)
    const { bytesRead } = await file.read(buffer, length, buffer.length - length)
    if (bytesRead === 0) break
    length += bytesRead
    // All that a regular file has: its end need not be read too.
    if (length === stat.size && stat.isFile()) break
  }
  if (length > bytesMax) return new Refusal(`is longer than ${bytesMax} bytes`, 'shorten it')
  return decode(buffer.subarray(0, length))
}

function enlarge(buffer: Buffer, bytes: number): Buffer {
  const larger = Buffer.alloc(bytes)
  buffer.copy(larger)
  buffer.fill(0)
  return larger
}

function decode(bytes: Uint8Array): string | Refusal {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new Refusal('is no UTF-8 text', 'save it as UTF-8')
  } finally {
    bytes.fill(0)
  }
}

function refusalOf(error: unknown): Refusal {
  const code = codeOf(error) ?? 'unknown'
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return MISSING_FILE
    case 'EACCES':
    case 'EPERM':
      return new Refusal('the file can not be read', 'let the user of this process read it')
    default:
      return new Refusal('the file can not be read', `look at it (${code})`)
  }
}
