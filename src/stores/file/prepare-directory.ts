import { lstatSync, type Stats } from 'node:fs'
import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, type ConfigIssue } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/ports/log.ts'
import { temporaryWriter } from './atomic-writer.ts'
import { type ProcessIdentity, stateOf } from './process-identity.ts'
import { isStoreFile } from './store-paths.ts'

const DIRECTORY_MODE = 0o700
/** Any permission of group or world. */
const OPEN_TO_OTHERS = 0o077

/**
 * Makes the directory with mode 0700 where it is missing, refuses one that others can reach, and removes what dead
 * writers left half-written.
 * @throws ConfigError `configuration-invalid` (exit code 78): the directory or a file in it is a symbolic link,
 *   accessible by group or world, or somebody else's. All of them are named.
 */
export async function prepareDirectory(
  directory: string,
  own: ProcessIdentity,
  log: Log,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE })
  const wrong = wrongWith(await lstat(directory), 'directory')
  if (wrong !== null) throw new ConfigError([issueOf(directory, wrong, '0700')])

  const issues: ConfigIssue[] = []
  for (const name of (await readdir(directory)).filter(isStoreFile)) {
    const path = join(directory, name)
    if (isLeftover(name, own)) {
      await rm(path, { force: true })
      log.info('store leftover removed', { file: name })
      continue
    }
    const found = lstatIfThere(path)
    const wrongFile = found === null ? null : wrongWith(found, 'file')
    if (wrongFile !== null) issues.push(issueOf(path, wrongFile, '0600'))
  }
  if (issues.length > 0) throw new ConfigError(issues)
}

/** What is wrong with the owner, kind or mode of something that only Sidekey may reach; null when nothing is. */
export function wrongWith(found: Stats, wanted: 'directory' | 'file'): string | null {
  if (found.isSymbolicLink()) return 'is a symbolic link'
  if (wanted === 'directory' ? !found.isDirectory() : !found.isFile()) return `is not a ${wanted}`
  // Where there are no users (Windows), modes say nothing.
  if (process.geteuid === undefined) return null
  if ((found.mode & OPEN_TO_OTHERS) !== 0) {
    return `is open to group or world (mode 0${(found.mode & 0o777).toString(8)})`
  }
  return found.uid === process.geteuid() ? null : 'belongs to another user'
}

function issueOf(path: string, wrong: string, mode: string): ConfigIssue {
  return {
    path: 'store.directory',
    line: null,
    message: `${path} ${wrong}`,
    remedy:
      `make it a real one with mode ${mode} that belongs to the user that runs Sidekey; ` +
      'below a mounted volume, name a subdirectory, which Sidekey creates itself',
  }
}

function isLeftover(name: string, own: ProcessIdentity): boolean {
  const writer = temporaryWriter(name)
  return writer !== null && stateOf({ ...own, ...writer }, own) === 'dead'
}

/**
 * Files come and go while other processes work. Not left to another thread: nothing is served yet, and to hand over tens
 * of thousands of these calls takes ten times as long as they do.
 */
function lstatIfThere(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null
}
