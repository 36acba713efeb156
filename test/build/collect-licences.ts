import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'rolldown'
import { type BundledPackage, bundledPackages } from './bundled-packages.ts'

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
      const source = bundledPackages(bundle).map(describePackage).join('\n')
      this.emitFile({ type: 'asset', fileName: LICENCES_FILE, source })
    },
  }
}

function describePackage({ folder, name, version, license }: BundledPackage): string {
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
  if (license === null && texts.length === 0) throw new Error(`${name} has no licence`)
  const body = texts.map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return [`${'='.repeat(80)}\n${name} ${version} (${license})`, ...body, ''].join('\n\n')
}
