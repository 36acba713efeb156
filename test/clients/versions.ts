import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HERE } from './places.ts'

const npm = read('node/package.json')
const pip = read('python/requirements.txt')
const maven = read('java/pom.xml')

/** The name of a package in `node/package.json` (an alias shows what it stands for) and its version. */
export function npmPackage(alias: string): string {
  const [, written = ''] = new RegExp(`"${alias}": "([^"]+)"`).exec(npm) ?? []
  const [, name, version] = /^npm:(.+)@(.+)$/.exec(written) ?? [written, alias, written]
  return `${name} ${version}`
}

/** The version of a package in `python/requirements.txt`. */
export function pipVersion(name: string): string {
  return new RegExp(`^${name}==(.+)$`, 'm').exec(pip)?.[1] ?? ''
}

/** The version of an artifact in `java/pom.xml`. */
export function mavenVersion(artifact: string): string {
  const pattern = new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)<`)
  return pattern.exec(maven)?.[1] ?? ''
}

function read(file: string): string {
  return readFileSync(join(HERE, file), 'utf8')
}
