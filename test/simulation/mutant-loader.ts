import { readdirSync, readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

/** One replacement of text in src/rotation. */
export interface Patch {
  /** Must occur exactly once in the folder, in whichever file. */
  readonly find: string
  readonly replace: string
}

const ROTATION = new URL('../../src/rotation/', import.meta.url).href
const QUERY = '?mutant='
const patchesOf = new Map<string, readonly Patch[]>()
let installed = false

/** Texts that are not found exactly once: with them the mutant would be no mutant, or another one. */
export function staleTexts(patches: readonly Patch[]): readonly string[] {
  const sources = readdirSync(new URL(ROTATION))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(new URL(name, ROTATION), 'utf8'))
  const occurrences = (find: string): number =>
    sources.reduce((sum, source) => sum + source.split(find).length - 1, 0)
  return patches.flatMap(({ find }) => (occurrences(find) === 1 ? [] : [find]))
}

/**
 * Loads a module of src/rotation with deliberate defects: a copy of the whole folder, made by text replacement as it is
 * loaded, so that production code needs no seam for it.
 * @throws Error when a text to replace is not found exactly once
 */
export async function importMutant(
  name: string,
  patches: readonly Patch[],
  file: string,
): Promise<unknown> {
  const stale = staleTexts(patches)
  if (stale.length > 0) throw new Error(`mutant ${name} does not apply: ${stale.join(' / ')}`)
  install()
  patchesOf.set(name, patches)
  return (await import(`${ROTATION}${file}${QUERY}${name}`)) as unknown
}

function install(): void {
  if (installed) return
  installed = true
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context)
      const mutant = context.parentURL?.split(QUERY)[1]
      if (mutant === undefined || !resolved.url.startsWith(ROTATION)) return resolved
      return { ...resolved, url: `${resolved.url.split(QUERY)[0]}${QUERY}${mutant}` }
    },
    load(url, context, nextLoad) {
      const [file, mutant] = url.split(QUERY)
      if (file === undefined || mutant === undefined) return nextLoad(url, context)
      const loaded = nextLoad(file, context)
      let source = readFileSync(new URL(file), 'utf8')
      for (const { find, replace } of patchesOf.get(mutant) ?? []) {
        source = source.replace(find, () => replace)
      }
      return { ...loaded, source, shortCircuit: true }
    },
  })
}
