import { type FSWatcher, watch } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { codeOf } from '../../kernel/errors.ts'
import type { Clock, Stop } from '../../kernel/ports/clock.ts'
import type { Log } from '../../kernel/ports/log.ts'

/** One change comes as several events; they are looked into together, this long after the first one. */
const GATHER_MS = 50
/** Events can be lost, so files are looked at anew this often. */
const LOOK_ANEW_MS = 30_000
/**
 * A file may change once more without a later time on it: file systems count in steps, of two seconds at most. It is told
 * of once more when they are over, which also mends a read that has failed. Not at the next look: that may be half a minute
 * later, amid the load of a process that has just started.
 */
const SETTLED_MS = 2_000
/** So many files are looked at together: one after the other, each would wake a thread of its own. */
const LOOKS_AT_ONCE = 16
/** So many followers are told in one turn of the event loop; a thousand who read anew at once hold requests up. */
const TOLD_AT_ONCE = 16

/** What all folders share. */
export interface FolderDeps {
  readonly clock: Clock
  readonly log: Log
}

interface File {
  readonly path: string
  readonly followers: Set<() => void>
  /** What it was at the last look; null: that can't be said, so that it may be another one at the next. */
  marks: string | null
  /** Whether that can't be said because it has just changed. */
  isFresh: boolean
  /** The directory that its link leads to: its folder, where it is no link. */
  target: string
}

/**
 * The files of one folder that somebody follows. It watches directories, since a replaced file is another one: the folder,
 * where Kubernetes swaps the link `..data`, and those that links lead to. A directory that is replaced itself is followed
 * within 30 s.
 */
export class WatchedFolder {
  readonly #path: string
  readonly #deps: FolderDeps
  readonly #files = new Map<string, File>()
  /** By identity of the directory, so that one that was replaced under its name counts as another. */
  readonly #watchers = new Map<string, FSWatcher>()
  #stopTimer: Stop | null = null
  #stopGathering: Stop | null = null
  #stopSettling: Stop | null = null
  #stopped = false
  #isLost = false
  #looking = false
  #again = false

  constructor(path: string, deps: FolderDeps) {
    this.#path = path
    this.#deps = deps
    this.#lookLater()
  }

  get isFollowed(): boolean {
    return this.#files.size > 0
  }

  /**
   * `changed` is told whenever the file may have changed, and the first who follows it also soon: nobody knows since when
   * it is as it is. Read it after the call, not before.
   */
  join(path: string, changed: () => void): void {
    const known = this.#files.get(path)
    if (known !== undefined) return void known.followers.add(changed)
    const target = this.#path
    const followers = new Set([changed])
    this.#files.set(path, { path, followers, marks: null, isFresh: false, target })
    this.#soon()
  }

  leave(path: string, changed: () => void): void {
    const file = this.#files.get(path)
    file?.followers.delete(changed)
    if (file?.followers.size === 0) this.#files.delete(path)
  }

  stop(): void {
    this.#stopped = true
    this.#stopTimer?.()
    this.#stopGathering?.()
    this.#stopSettling?.()
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #lookLater(): void {
    this.#stopTimer = this.#deps.clock.after(LOOK_ANEW_MS, () => {
      this.#lookLater()
      void this.#look()
    })
  }

  #soon(): void {
    if (this.#stopped || this.#stopGathering !== null) return
    this.#stopGathering = this.#deps.clock.after(GATHER_MS, () => {
      this.#stopGathering = null
      void this.#look()
    })
  }

  #settleLater(): void {
    if (this.#stopped || this.#stopSettling !== null) return
    this.#stopSettling = this.#deps.clock.after(SETTLED_MS, () => {
      this.#stopSettling = null
      void this.#look()
    })
  }

  /** One look at a time, and one more when something has happened meanwhile. */
  async #look(): Promise<void> {
    this.#again = true
    if (this.#looking) return
    this.#looking = true
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false
        await this.#lookOnce()
      }
    } finally {
      this.#looking = false
    }
  }

  async #lookOnce(): Promise<void> {
    const nowMs = this.#deps.clock.now()
    const files = [...this.#files.values()]
    const changed: File[] = []
    for (let from = 0; from < files.length; from += LOOKS_AT_ONCE) {
      const some = files.slice(from, from + LOOKS_AT_ONCE)
      const seen = await Promise.all(some.map((file) => lookAt(file, nowMs)))
      changed.push(...some.filter((_, at) => seen[at]))
    }
    if (files.some(({ isFresh }) => isFresh)) this.#settleLater()
    // Behind all looks, since whoever follows two files reads both.
    await tell(changed)
    await this.#follow()
  }

  /** Watches exactly the directories in which the files are now. */
  async #follow(): Promise<void> {
    const wanted = await identitiesOf([this.#path, ...this.#targets()])
    if (this.#stopped) return
    for (const [identity, watcher] of this.#watchers) {
      if (wanted.has(identity)) continue
      watcher.close()
      this.#watchers.delete(identity)
    }
    let isNew = false
    for (const [identity, directory] of wanted) {
      if (this.#watchers.has(identity)) continue
      isNew = this.#watch(identity, directory) || isNew
    }
    // What happened before a directory was watched was seen by nobody.
    if (isNew) this.#soon()
  }

  *#targets(): Generator<string> {
    for (const { target } of this.#files.values()) yield target
  }

  #watch(identity: string, directory: string): boolean {
    try {
      const watcher = watch(directory, { persistent: false }, (_, name) => this.#happened(name))
      watcher.on('error', (error) => this.#lost(error))
      this.#watchers.set(identity, watcher)
      return true
    } catch (error) {
      this.#lost(error)
      return false
    }
  }

  /** A file that is named has changed, whatever its times say. */
  #happened(name: string | null): void {
    const file = name === null ? undefined : this.#files.get(join(this.#path, name))
    if (file !== undefined) file.marks = null
    this.#soon()
  }

  /** Said once: the look every 30 s goes on. */
  #lost(error: unknown): void {
    if (this.#isLost) return
    this.#isLost = true
    const reason = codeOf(error) ?? 'unknown'
    const { log } = this.#deps
    log.warn('secret watch lost', { directory: this.#path, reason, everyMs: LOOK_ANEW_MS })
  }
}

/** Tells whoever follows one of the files, once; not those who leave meanwhile. */
async function tell(files: readonly File[]): Promise<void> {
  const told = new Set<() => void>()
  for (const { followers } of files) {
    for (const follower of followers) {
      if (told.has(follower)) continue
      told.add(follower)
      follower()
      if (told.size % TOLD_AT_ONCE === 0) await setImmediate()
    }
  }
}

/** @returns whether it may have changed since the last look */
async function lookAt(file: File, nowMs: number): Promise<boolean> {
  const { marks, isFresh } = await marksOf(file.path, nowMs)
  file.isFresh = isFresh
  if (marks !== null && marks === file.marks) return false
  file.marks = marks
  file.target = dirname(await realpath(file.path).catch(() => file.path))
  return true
}

/** What is another one when a file is. */
async function marksOf(path: string, nowMs: number): Promise<Pick<File, 'marks' | 'isFresh'>> {
  try {
    const seen = await stat(path, { bigint: true })
    const agoMs = nowMs - Number(seen.ctimeMs)
    // A time far ahead is another clock's, and will not be over soon.
    if (agoMs < SETTLED_MS) return { marks: null, isFresh: agoMs > -SETTLED_MS }
    const { dev, ino, size, mtimeNs, ctimeNs } = seen
    return { marks: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`, isFresh: false }
  } catch (error) {
    // Many accounts have no previous secret, which is no reason to read the current one at each look.
    return { marks: codeOf(error) === 'ENOENT' ? 'missing' : null, isFresh: false }
  }
}

/** These directories, each once, by identity. Missing ones are left out. */
async function identitiesOf(directories: Iterable<string>): Promise<ReadonlyMap<string, string>> {
  const found = [...new Set(directories)].map(async (directory) => {
    const seen = await stat(directory, { bigint: true }).catch(() => null)
    return seen === null ? [] : [[`${seen.dev}:${seen.ino}`, directory] as const]
  })
  return new Map((await Promise.all(found)).flat())
}
