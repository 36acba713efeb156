import { constants, type Stats } from 'node:fs'
import { link, lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { codeOf, ConfigError } from '../kernel/errors.ts'
import type { Random } from '../kernel/ports/random.ts'

/** Others may read the certificate, which is public; nobody else may put one there. */
const DIRECTORY_MODE = 0o755
const WRITABLE_BY_OTHERS = 0o022
const OPEN_TO_OTHERS = 0o077
const KEY_MODE = 0o600
const PUBLIC_MODE = 0o644
/** The key has some 400 bytes, the trust of a whole system some 250 KiB. */
const FILE_MAX_BYTES = 4 * 1024 * 1024

/** The names of the files in the directory of an authority. */
export interface AuthorityPaths {
  /** The private key, sealed. */
  readonly key: string
  /** The certificate, PEM. */
  readonly certificate: string
  /** What the system trusts, and the certificate, PEM: for clients that take one file instead of one more. */
  readonly bundle: string
  /** The same as a Java key store without a password. */
  readonly javaBundle: string
  /** Settings of PHP that name the bundle; PHP reads every `.ini` file of a folder that it is told of. */
  readonly phpSettings: string
}

/** Where the files of an authority are, relative to nothing but its directory. */
export function authorityPaths(directory: string): AuthorityPaths {
  return {
    key: join(directory, 'ca.key'),
    certificate: join(directory, 'ca.pem'),
    bundle: join(directory, 'trust.pem'),
    javaBundle: join(directory, 'trust.jks'),
    phpSettings: join(directory, 'sidekey.ini'),
  }
}

/**
 * Makes the directory where it is missing.
 * @throws ConfigError it is a symbolic link, somebody else's, or others may write there
 */
export async function prepareDirectory(directory: string): Promise<void> {
  // A missing parent may be the store's, which others must not enter.
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 })
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE })
  const found = await lstat(directory)
  const wrong = wrongWith(found, found.isDirectory(), WRITABLE_BY_OTHERS)
  if (wrong !== null) throw refused(directory, wrong, '0755 or less')
}

/**
 * Reads the sealed key; null when there is none.
 * @throws ConfigError it is a symbolic link, somebody else's, or others may read it
 */
export async function readKeyFile(path: string): Promise<Buffer | null> {
  const found = await lstat(path).catch(absent)
  if (found === null) return null
  const wrong = wrongWith(found, found.isFile(), OPEN_TO_OTHERS)
  if (wrong !== null) throw refused(path, wrong, '0600')
  return readWhole(path)
}

/** Reads a public file; null when there is none. */
export function readPublicFile(path: string): Promise<Buffer | null> {
  return readWhole(path).catch(absent)
}

/** Puts the key there unless there is one: of two processes that begin at once, the second finds the first one's. */
export async function placeKeyFile(path: string, sealed: Buffer, random: Random): Promise<void> {
  const temporary = await writeBeside(path, sealed, KEY_MODE, random)
  try {
    await link(temporary, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Replaces a public file in one step. */
export async function replacePublicFile(
  path: string,
  content: string | Buffer,
  random: Random,
): Promise<void> {
  const temporary = await writeBeside(path, content, PUBLIC_MODE, random)
  await rename(temporary, path)
}

async function writeBeside(
  path: string,
  content: string | Buffer,
  mode: number,
  random: Random,
): Promise<string> {
  const temporary = `${path}.${random.id()}.tmp`
  const file = await open(temporary, 'wx', mode)
  try {
    await file.writeFile(content)
    // Whatever the process's mask says: other users read the public files.
    await file.chmod(mode)
    await file.sync()
  } finally {
    await file.close()
  }
  return temporary
}

async function readWhole(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    const { size } = await file.stat()
    if (size > FILE_MAX_BYTES) throw refused(path, 'is too large', '0600')
    return await file.readFile()
  } finally {
    await file.close()
  }
}

function wrongWith(found: Stats, rightKind: boolean, forbidden: number): string | null {
  if (found.isSymbolicLink()) return 'is a symbolic link'
  if (!rightKind) return 'is of the wrong kind'
  // Where there are no users (Windows), modes say nothing.
  if (process.geteuid === undefined) return null
  if ((found.mode & forbidden) !== 0) {
    return `is open to others (mode 0${(found.mode & 0o777).toString(8)})`
  }
  return found.uid === process.geteuid() ? null : 'belongs to another user'
}

function refused(path: string, wrong: string, mode: string): ConfigError {
  const message = `${path} ${wrong}`
  const remedy =
    `make it a real one with mode ${mode} that belongs to the user that runs Sidekey; ` +
    'below a mounted volume, name a subdirectory, which Sidekey creates itself'
  return new ConfigError([{ path: 'proxy.ca.directory', line: null, message, remedy }])
}

function absent(error: unknown): null {
  if (codeOf(error) === 'ENOENT') return null
  throw error
}
