import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

/** One replacement of text in a file of src/rotation. */
export interface Patch {
  /** Relative to src/rotation. */
  readonly file: string
  /** Must occur exactly once. */
  readonly find: string
  readonly replace: string
}

const ROTATION = new URL('../../src/rotation/', import.meta.url).href
const QUERY = '?mutant='
const patchesOf = new Map<string, readonly Patch[]>()
let installed = false

/**
 * Loads a module of src/rotation with deliberate defects: a copy of the whole folder, made by text replacement as it is
 * loaded, so that production code needs no seam for it.
 * @throws Error when a text is not found exactly once, since then the mutant would be no mutant
 */
export async function importMutant(
  name: string,
  patches: readonly Patch[],
  file: string,
): Promise<unknown> {
  for (const { file: patched, find } of patches) {
    const source = readFileSync(new URL(patched, ROTATION), 'utf8')
    const found = source.split(find).length - 1
    if (found !== 1)
      throw new Error(
        `mutant ${name}: the text to replace in ${patched} occurs ${found} times: ${find}`,
      )
  }
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
      const patches = patchesOf.get(mutant) ?? []
      let source = readFileSync(new URL(file), 'utf8')
      for (const patch of patches) {
        if (file === ROTATION + patch.file) source = source.replace(patch.find, () => patch.replace)
      }
      return { ...loaded, source, shortCircuit: true }
    },
  })
}
