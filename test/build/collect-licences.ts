import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Plugin } from 'rolldown'

/** The file beside the bundle that holds the licences of what is in it. */
const LICENCES_FILE = 'THIRD-PARTY-LICENSES'

/**
 * Writes the name, version and licence text of every package that ends up in the bundle: most licences ask that their
 * text goes wherever the code goes. A package without a licence fails the build.
 */
export function collectLicences(): Plugin {
  return {
    name: 'collect-licences',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((part) =>
        part.type === 'chunk' ? Object.keys(part.modules) : [],
      )
      const source = [...packagesOf(modules)].toSorted().map(describePackage).join('\n')
      this.emitFile({ type: 'asset', fileName: LICENCES_FILE, source })
    },
  }
}

function packagesOf(modules: readonly string[]): ReadonlySet<string> {
  const inPackages = modules.filter((id) => id.includes('/node_modules/'))
  return new Set(inPackages.map((id) => packageFolder(id.replace(/^\0+|\?.*$/g, ''))))
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

function describePackage(folder: string): string {
  const { name, version, license } = manifest(folder) ?? {}
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
  if (license === undefined && texts.length === 0) throw new Error(`${name} has no licence`)
  const body = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return [`${'='.repeat(80)}\n${name} ${version} (${license})`, ...body, ''].join('\n\n')
}
