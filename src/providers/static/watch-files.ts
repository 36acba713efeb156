import { type FSWatcher, watch } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock, Stop } from '../../kernel/ports/clock.ts'
import type { Log } from '../../kernel/ports/log.ts'

/** One change comes as several events; they are told of together, this long after the first one. */
const GATHER_MS = 50
/** Events can be lost, so files are looked at anew this often. */
const LOOK_ANEW_MS = 30_000
/** A file may change once more without a later time on it: file systems count in steps, of two seconds at most. */
const SETTLED_MS = 2_000

export interface WatchDeps {
  readonly clock: Clock
  readonly log: Log
  readonly credentialId: string
}

/**
 * Tells when files may have changed: at once, or every 30 s where nothing tells that they have not. It watches
 * directories, since a replaced file is another one: those of the files, where Kubernetes swaps the link `..data`, and
 * those the links lead to. A directory that is replaced itself is followed within 30 s. Keeps no process alive.
 */
export function watchFiles(paths: readonly string[], changed: () => void, deps: WatchDeps): Stop {
  if (paths.length === 0) return () => undefined
  const watching = new FilesWatch(paths, changed, deps)
  watching.start()
  return () => watching.stop()
}

class FilesWatch {
  readonly #paths: readonly string[]
  readonly #changed: () => void
  readonly #deps: WatchDeps
  /** By identity of the directory, so that one that was replaced under its name counts as another. */
  readonly #watchers = new Map<string, FSWatcher>()
  #stopTimer: Stop | null = null
  #stopGathering: Stop | null = null
  #stopped = false
  #isLost = false
  /** What the files were when they were told of last; null: not known, or one is missing. */
  #marks: string | null = null
  #follows = 0

  constructor(paths: readonly string[], changed: () => void, deps: WatchDeps) {
    this.#paths = paths
    this.#changed = changed
    this.#deps = deps
  }

  start(): void {
    void this.#follow()
    this.#lookLater()
  }

  stop(): void {
    this.#stopped = true
    this.#stopTimer?.()
    this.#stopGathering?.()
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #lookLater(): void {
    this.#stopTimer = this.#deps.clock.after(LOOK_ANEW_MS, () => {
      this.#lookLater()
      void this.#look()
    })
  }

  /** Cheap while nothing changes, since a thousand credentials look at the same time. */
  async #look(): Promise<void> {
    const marks = await marksOf(this.#paths, this.#deps.clock.now())
    if (marks === null || marks !== this.#marks) this.#tell(marks)
  }

  #tell(marks: string | null): void {
    if (this.#stopped) return
    this.#marks = marks
    void this.#follow()
    this.#changed()
  }

  /** Watches exactly the directories in which the files are now. A later call overtakes an earlier one. */
  async #follow(): Promise<void> {
    const turn = ++this.#follows
    const wanted = await directoriesOf(this.#paths)
    if (this.#stopped || turn !== this.#follows) return
    for (const [identity, watcher] of this.#watchers) {
      if (wanted.has(identity)) continue
      watcher.close()
      this.#watchers.delete(identity)
    }
    let isNew = false
    for (const [identity, directory] of wanted) {
      if (this.#watchers.has(identity)) continue
      isNew = this.#watchDirectory(identity, directory) || isNew
    }
    // What happened before a directory was watched was seen by nobody.
    if (isNew) this.#soon()
  }

  #watchDirectory(identity: string, directory: string): boolean {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#soon())
      watcher.on('error', (error) => this.#lost(error))
      this.#watchers.set(identity, watcher)
      return true
    } catch (error) {
      this.#lost(error)
      return false
    }
  }

  #soon(): void {
    if (this.#stopped || this.#stopGathering !== null) return
    this.#stopGathering = this.#deps.clock.after(GATHER_MS, () => {
      this.#stopGathering = null
      void marksOf(this.#paths, this.#deps.clock.now()).then((marks) => this.#tell(marks))
    })
  }

  /** Said once: the look every 30 s goes on. */
  #lost(error: unknown): void {
    if (this.#isLost) return
    this.#isLost = true
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const { log, credentialId } = this.#deps
    log.warn('secret watch lost', { credential: credentialId, reason, everyMs: LOOK_ANEW_MS })
  }
}

/** What is another one when a file is: null where that can't be said. */
async function marksOf(paths: readonly string[], nowMs: number): Promise<string | null> {
  let marks = ''
  for (const path of paths) {
    const seen = await stat(path, { bigint: true }).catch(() => null)
    if (seen === null || Number(seen.ctimeMs) > nowMs - SETTLED_MS) return null
    marks += `${seen.dev}:${seen.ino}:${seen.size}:${seen.mtimeNs}:${seen.ctimeNs} `
  }
  return marks
}

/** The directories of the files and of what their links lead to, by identity. Missing ones are left out. */
async function directoriesOf(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const path of paths) {
    const target = await realpath(path).catch(() => path)
    for (const directory of [dirname(path), dirname(target)]) {
      const seen = await stat(directory, { bigint: true }).catch(() => null)
      if (seen !== null) found.set(`${seen.dev}:${seen.ino}`, directory)
    }
  }
  return found
}
