import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** A real program beyond Node that tests drive; `test/tools/install.sh` installs them all. */
export type Tool =
  'helm-3' | 'helm-4' | 'promtool' | 'podman' | 'runc' | 'debootstrap' | 'catatonit'

/** Every tool, in the order in which they are listed. */
export const TOOLS: readonly Tool[] = [
  'helm-3',
  'helm-4',
  'promtool',
  'podman',
  'runc',
  'debootstrap',
  'catatonit',
]

/** What a person types to get the tools. */
export const INSTALL = 'bash test/tools/install.sh'

/** In CI a missing tool is a failure; elsewhere it is named as not run. */
export const inCi = (process.env['CI'] ?? '') !== ''

/**
 * Where tools and the image's base live: outside the checkout, so that a fresh clone finds what an earlier one installed.
 * `SIDEKEY_TOOLS_DIR` moves it; by default below the user's cache.
 */
export function toolsDirectory(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  return process.env['SIDEKEY_TOOLS_DIR'] ?? join(cache, 'sidekey-tools')
}

/** The path of a tool's executable: of the tools' directory, else of `PATH`; null when there is none. */
export function findTool(tool: Tool): string | null {
  const folders = [toolsDirectory(), ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  return folders.map((folder) => join(folder, tool)).find(isExecutable) ?? null
}

/** Those of the wanted tools that this machine does not have. */
export function missingTools(wanted: readonly Tool[]): readonly Tool[] {
  return wanted.filter((tool) => findTool(tool) === null)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
