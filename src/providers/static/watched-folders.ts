import { dirname } from 'node:path'
import type { Stop } from '../../kernel/ports/clock.ts'
import { type FolderDeps, WatchedFolder } from './watched-folder.ts'

/**
 * Tells when files may have changed: at once, or every 30 s where nothing tells that they have not. All who follow files
 * of one folder share its watch and its looks, so that a folder of a thousand secrets is one watch, and a change in it is
 * told of to those whose files it is about. Keeps no process alive.
 */
export class WatchedFolders {
  readonly #deps: FolderDeps
  readonly #folders = new Map<string, WatchedFolder>()

  constructor(deps: FolderDeps) {
    this.#deps = deps
  }

  /** @param changed a function of its own for whoever watches; it must not throw */
  watch(paths: readonly string[], changed: () => void): Stop {
    const stops = paths.map((path) => this.#join(path, changed))
    return () => stops.forEach((stop) => stop())
  }

  #join(path: string, changed: () => void): Stop {
    const name = dirname(path)
    const folder = this.#folders.get(name) ?? new WatchedFolder(name, this.#deps)
    this.#folders.set(name, folder)
    folder.join(path, changed)
    return () => {
      folder.leave(path, changed)
      if (folder.isFollowed) return
      folder.stop()
      if (this.#folders.get(name) === folder) this.#folders.delete(name)
    }
  }
}
