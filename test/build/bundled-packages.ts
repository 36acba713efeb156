import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { OutputBundle } from 'rolldown'

/** A package of which at least one module is in the bundle. */
export interface BundledPackage {
  readonly folder: string
  readonly name: string
  readonly version: string
  /** SPDX expression; null: its manifest names none. */
  readonly license: string | null
}

/** What the bundle is made of beside Sidekey's own sources, by folder. */
export function bundledPackages(bundle: OutputBundle): readonly BundledPackage[] {
  const modules = Object.values(bundle).flatMap((part) =>
    part.type === 'chunk' ? Object.keys(part.modules) : [],
  )
  const inPackages = modules.filter((id) => id.includes('/node_modules/'))
  const folders = new Set(inPackages.map((id) => packageFolder(id.replace(/^\0+|\?.*$/g, ''))))
  return [...folders].toSorted().map((folder) => {
    const { name = '', version = '', license = null } = manifest(folder) ?? {}
    return { folder, name, version, license }
  })
}

// A package.json without a name only sets the module type of a folder, such as dist/esm.
function packageFolder(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (manifest(folder)?.name !== undefined) return folder
  }
  throw new Error(`${file} belongs to no package`)
}

interface Manifest {
  readonly name?: string
  readonly version?: string
  readonly license?: string
}

function manifest(folder: string): Manifest | null {
  const file = join(folder, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : null
}
