import { codeOf, SidekeyError, StoreUnavailableError } from '../../kernel/errors.ts'

/** Runs file operations; what the system refuses becomes a `StoreUnavailableError` that says what and why. */
export async function explainErrors<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SidekeyError) throw error
    const errno = codeOf(error)
    if (errno === null) throw error
    throw new StoreUnavailableError(`cannot ${doing}: ${errno}${remedyOf(errno)}`, { cause: error })
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: ', the disk is full: make room',
  EDQUOT: ', the quota is used up: make room',
  EROFS: ', the file system is read-only: give the store a writable volume',
  EACCES: ', not permitted: the directory must belong to the user that runs Sidekey',
  EPERM: ', not permitted: the directory must belong to the user that runs Sidekey',
}

function remedyOf(errno: string): string {
  return REMEDIES[errno] ?? ''
}
