import { type FSWatcher, watch } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { basename } from 'node:path'
import { codeOf } from '../../kernel/errors.ts'
import type { Clock, Stop } from '../../kernel/ports/clock.ts'
import type { Log } from '../../kernel/ports/log.ts'

/** Events can be lost (network file systems, a full queue); each file is looked at anew this often. */
const LOOK_ANEW_MS = 30_000
/** So many are looked at without a pause; thousands of them are spread over half of that time. */
const LOOKS_AT_ONCE = 50

interface Watched {
  readonly path: string
  readonly listeners: Set<() => void>
  /** What the file was when the listeners were last told; null: not looked at yet. */
  sign: string | null
  looking: boolean
  again: boolean
}

/**
 * Tells when files of one directory change. It watches the directory, not the files, since a replaced file is another
 * one. Whatever makes it look (an event, this process's own write, the periodic look), listeners are told once
 * for what they have not seen; a change during a look is looked at again, so the last one is never skipped.
 */
export class DirectoryWatch {
  readonly #directory: string
  readonly #clock: Clock
  readonly #log: Log
  readonly #watched = new Map<string, Watched>()
  #watcher: FSWatcher | null = null
  #stopTimer: Stop | null = null
  #lookingAtAll = false

  constructor(directory: string, clock: Clock, log: Log) {
    this.#directory = directory
    this.#clock = clock
    this.#log = log
  }

  subscribe(path: string, changed: () => void): Stop {
    this.#start()
    const name = basename(path)
    const watched = this.#watched.get(name) ?? newWatched(path)
    this.#watched.set(name, watched)
    // A wrapper, so that the same function may subscribe twice.
    const listener = (): void => changed()
    watched.listeners.add(listener)
    return () => {
      watched.listeners.delete(listener)
      if (watched.listeners.size === 0 && this.#watched.get(name) === watched) {
        this.#watched.delete(name)
      }
      if (this.#watched.size === 0) this.close()
    }
  }

  /** Looks at a file now: this process has just written it. */
  look(path: string): void {
    const watched = this.#watched.get(basename(path))
    if (watched !== undefined) void this.#lookAt(watched)
  }

  close(): void {
    this.#watcher?.close()
    this.#watcher = null
    this.#stopTimer?.()
    this.#stopTimer = null
  }

  #start(): void {
    if (this.#stopTimer !== null) return
    this.#lookLater()
    try {
      this.#watcher = watch(this.#directory, { persistent: false }, (_event, name) => {
        if (name !== null) this.look(name)
      })
      this.#watcher.on('error', (error) => this.#lost(error))
    } catch (error) {
      this.#lost(error)
    }
  }

  #lost(error: unknown): void {
    const reason = codeOf(error) ?? 'unknown'
    this.#log.warn('store watch lost', { reason, everyMs: LOOK_ANEW_MS })
  }

  #lookLater(): void {
    this.#stopTimer = this.#clock.after(LOOK_ANEW_MS, () => {
      this.#lookLater()
      void this.#lookAtAll()
    })
  }

  /** One after the other, with pauses: thousands at once would keep every other work waiting. */
  async #lookAtAll(): Promise<void> {
    if (this.#lookingAtAll) return
    this.#lookingAtAll = true
    let looks = 0
    for (const watched of this.#watched.values()) {
      if (looks > 0 && looks % LOOKS_AT_ONCE === 0) {
        // Since the last pause most of them may have gone.
        const share = Math.min(LOOKS_AT_ONCE / this.#watched.size, 1)
        await this.#clock.sleep((LOOK_ANEW_MS / 2) * share)
      }
      if (this.#stopTimer === null) break
      looks++
      await this.#lookAt(watched)
    }
    this.#lookingAtAll = false
  }

  async #lookAt(watched: Watched): Promise<void> {
    watched.again = true
    if (watched.looking) return
    watched.looking = true
    while (watched.again) {
      watched.again = false
      const sign = await signOf(watched.path)
      if (sign === watched.sign) continue
      watched.sign = sign
      for (const listener of watched.listeners) listener()
    }
    watched.looking = false
  }
}

function newWatched(path: string): Watched {
  return { path, listeners: new Set(), sign: null, looking: false, again: false }
}

/** Differs whenever the file was replaced; whatever can't be looked at is one state of its own. */
async function signOf(path: string): Promise<string> {
  try {
    const { ino, mtimeNs, ctimeNs, size } = await lstat(path, { bigint: true })
    return `${ino} ${mtimeNs} ${ctimeNs} ${size}`
  } catch {
    return 'absent'
  }
}
