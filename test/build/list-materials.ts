import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'rolldown'
import { type BundledPackage, bundledPackages } from './bundled-packages.ts'

const ROOT = join(import.meta.dirname, '../..')
/** The file beside the bundle that says what is in it. */
const MATERIALS_FILE = 'sbom.cdx.json'

/**
 * Writes a CycloneDX 1.6 bill of materials from the modules that are in the bundle. It has no date and no serial number,
 * so that the same sources give the same file. `npm sbom --omit dev` of npm 11.19 left out packages that are in the bundle.
 */
export function listMaterials(): Plugin {
  return {
    name: 'list-materials',
    generateBundle(_options, bundle) {
      const source = `${JSON.stringify(materials(bundledPackages(bundle)), null, 2)}\n`
      this.emitFile({ type: 'asset', fileName: MATERIALS_FILE, source })
    },
  }
}

function materials(packages: readonly BundledPackage[]): object {
  const own = readJson('package.json')
  const { packages: locked } = readJson('package-lock.json')
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', ...identify(own.name, own.version) } },
    components: packages.map(({ folder, name, version, license }) => ({
      type: 'library',
      ...identify(name, version),
      ...(license === null ? {} : { licenses: [{ expression: license }] }),
      hashes: hashesOf(locked[folder.slice(ROOT.length + 1)]?.integrity ?? ''),
    })),
  }
}

function identify(name: string, version: string): object {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  return { 'bom-ref': purl, name, version, purl }
}

/** Of the package as it was fetched: the lockfile's, in hex. */
function hashesOf(integrity: string): object[] {
  const [, base64] = /^sha512-(.+)$/.exec(integrity) ?? []
  if (base64 === undefined) throw new Error('a package without a hash is in the bundle')
  return [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }]
}

interface ProjectFile {
  readonly name: string
  readonly version: string
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>
}

function readJson(file: string): ProjectFile {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as ProjectFile
}
