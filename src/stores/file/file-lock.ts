import { readlink, symlink } from 'node:fs/promises'
import { codeOf, StoreConflictError, StoreUnavailableError } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/ports/clock.ts'
import { parseIdentity, type ProcessIdentity, stateOf } from './process-identity.ts'
import { removeFile } from './remove-file.ts'

/** A write takes milliseconds; whoever waits this long for one faces a stopped process or a dead disk. */
const WAIT_MAX_MS = 10_000
const RETRY_MS = 5
/** A holder that can't be seen (see `ProcessState`) counts as dead when its lock has not changed for this long. */
const ELSEWHERE_MAX_MS = 2_000

/** The right to write, until it is released. */
export interface HeldLock {
  /** @throws StoreConflictError `store-conflict` it was broken, since this process stood still for too long */
  readonly check: () => Promise<void>
  readonly release: () => Promise<void>
}

export interface FileLockDeps {
  readonly clock: Clock
  readonly own: ProcessIdentity
  /** Fresh for each lock that is taken. */
  readonly nextNonce: () => string
}

/**
 * Waits for the exclusive right that a path stands for, between the processes of one host.
 *
 * The lock is a symbolic link whose target names its holder: it is created with its content in one step and fails
 * when there is one (like O_EXCL, but without the moment in which the file is there and empty). A dead holder's lock
 * is broken under a second lock, so that two breakers can't remove each other's fresh one.
 * @throws StoreUnavailableError `store-unavailable` a living process holds it for more than 10 s
 */
export async function acquireLock(path: string, deps: FileLockDeps): Promise<HeldLock> {
  const { clock, own } = deps
  const startMs = clock.monotonic()
  const target = JSON.stringify({ ...own, nonce: deps.nextNonce() })
  let seen = { target: '', sinceMs: startMs }
  while (!(await tryLink(target, path))) {
    const nowMs = clock.monotonic()
    const holder = await readHolder(path)
    if (holder === null) continue
    if (holder !== seen.target) seen = { target: holder, sinceMs: nowMs }
    if (isGone(holder, own, nowMs - seen.sinceMs)) {
      await breakLock(path, holder, deps)
    } else if (nowMs - startMs > WAIT_MAX_MS) {
      throw new StoreUnavailableError(`another process holds ${path} and does not let go`)
    } else {
      await clock.sleep(RETRY_MS)
    }
  }
  return {
    check: async () => {
      if ((await readHolder(path)) !== target) {
        throw new StoreConflictError(`the lock ${path} was taken over`)
      }
    },
    release: async () => {
      if ((await readHolder(path)) === target) await removeFile(path)
    },
  }
}

async function tryLink(target: string, path: string): Promise<boolean> {
  try {
    await symlink(target, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Null when there is none. What is no link at all is nobody's lock, and is broken like a dead holder's. */
async function readHolder(path: string): Promise<string | null> {
  try {
    return await readlink(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    if (codeOf(error) === 'EINVAL') return ''
    throw error
  }
}

function isGone(target: string, own: ProcessIdentity, unchangedMs: number): boolean {
  const holder = parseTarget(target)
  const state = holder === null ? 'elsewhere' : stateOf(holder, own)
  return state === 'dead' || (state === 'elsewhere' && unchangedMs > ELSEWHERE_MAX_MS)
}

function parseTarget(target: string): ProcessIdentity | null {
  try {
    const { nonce: _nonce, ...identity } = JSON.parse(target) as Record<string, unknown>
    return parseIdentity(identity)
  } catch {
    return null
  }
}

async function breakLock(path: string, holder: string, deps: FileLockDeps): Promise<void> {
  const breaking = await acquireLock(`${path}.break`, deps)
  try {
    // Only who holds the second lock removes a dead one, so what is read here is still there when it is removed.
    if ((await readHolder(path)) === holder) await removeFile(path)
  } finally {
    await breaking.release()
  }
}
