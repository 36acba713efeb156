import { lstat } from 'node:fs/promises'
import type { StoreConfig } from '../config/types.ts'
import { codeOf, ConfigError } from '../kernel/errors.ts'
import { wrongWith } from '../stores/file/prepare-directory.ts'

/**
 * Checks the directory that Sidekey writes to, where it exists; the store makes it otherwise.
 * @throws ConfigError `configuration-invalid` it is a link, no directory, or open to group or world
 */
export async function checkStoreDirectory(store: StoreConfig | null): Promise<void> {
  const wrong = store === null ? null : await wrongWithDirectory(store.directory)
  if (wrong === null) return
  const remedy = 'name a directory with mode 0700 of the user that runs Sidekey'
  throw new ConfigError([{ path: 'store.directory', line: null, message: wrong, remedy }])
}

async function wrongWithDirectory(directory: string): Promise<string | null> {
  try {
    return wrongWith(await lstat(directory), 'directory')
  } catch (error) {
    const missing = codeOf(error) === 'ENOENT'
    return missing ? null : 'can not be looked at'
  }
}
