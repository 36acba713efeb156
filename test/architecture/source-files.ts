import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseSync } from 'oxc-parser'

const ROOT = resolve(import.meta.dirname, '../..')

export interface SourceFile {
  /** Relative to the checkout, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly lines: number
}

/** Every TypeScript file below a folder of the checkout. */
export function sourceFiles(folder: string): readonly SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name)
      const text = readFileSync(file, 'utf8')
      return { path: relative(ROOT, file), text, lines: text.split('\n').length - 1 }
    })
    .toSorted((a, b) => a.path.localeCompare(b.path))
}

export interface ImportEdge {
  readonly from: string
  /** A path relative to the checkout, or the name of a package (`node:fs`, `undici`). */
  readonly to: string
}

/** Static, re-exporting and dynamic imports of a file; a dynamic import of something computed is `<computed>`. */
export function importEdges(file: Pick<SourceFile, 'path' | 'text'>): readonly ImportEdge[] {
  const { module, errors } = parseSync(file.path, file.text)
  if (errors.length > 0) throw new Error(`${file.path} does not parse: ${errors[0]?.message}`)
  const specifiers = [
    ...module.staticImports.map((found) => found.moduleRequest.value),
    ...module.staticExports.flatMap((found) =>
      found.entries.flatMap((entry) => (entry.moduleRequest ? [entry.moduleRequest.value] : [])),
    ),
    ...module.dynamicImports.map((found) => {
      const text = file.text.slice(found.moduleRequest.start, found.moduleRequest.end)
      return /^(['"]).*\1$/s.test(text) ? text.slice(1, -1) : '<computed>'
    }),
  ]
  return specifiers.map((to) => ({
    from: file.path,
    to: to.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(file.path), to)) : to,
  }))
}
