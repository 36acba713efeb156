import { unlink } from 'node:fs/promises'
import { codeOf } from '../../kernel/errors.ts'

/** Removes a file that may be gone already. The `rm` of Node looks at it twice before, which each write would pay for. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
