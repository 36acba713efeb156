import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { basename, resolve } from 'node:path'

/** The checkout. */
export const ROOT = resolve(import.meta.dirname, '../..')

/** What the benchmark builds for itself. */
export const CACHE = resolve(ROOT, 'node_modules/.cache/sidekey-bench')
mkdirSync(CACHE, { recursive: true })

/** Name and version of a program, from what it prints; null when it is not installed. */
export function versionOf(
  program: string,
  args: readonly string[],
  pattern: RegExp,
  name = basename(program),
): string | null {
  const { stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (error !== undefined) return null
  const [, version] = pattern.exec(stdout + stderr) ?? []
  return `${name} ${version ?? '(unknown version)'}`
}
