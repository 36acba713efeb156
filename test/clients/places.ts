import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toolsDirectory } from '../tools/find-tool.ts'

/** Where the clients' programs and manifests are. */
export const HERE = import.meta.dirname

/**
 * A folder outside the checkout for what is built from these files, named after their content: another version of them
 * gets another folder.
 */
export function builtFrom(name: string, files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(join(HERE, file)))
  return join(toolsDirectory(), 'clients', `${name}-${hash.digest('hex').slice(0, 12)}`)
}

/** Builds a folder once; one that was left half built is built anew. */
export async function once(folder: string, build: () => Promise<unknown>): Promise<void> {
  const done = join(folder, '.done')
  if (existsSync(done)) return
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await build()
  writeFileSync(done, '')
}

/** Built from the programs in Python, Go and Java. */
export const VENV = builtFrom('venv', ['python/requirements.txt'])
export const GO = builtFrom('go', ['go/client.go'])
export const JAVA = builtFrom('java', ['java/pom.xml', 'java/Client.java', 'java/VonageSdk.java'])
