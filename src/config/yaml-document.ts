import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import { Refusal } from './refusal.ts'

/** Where something stands in the file: keys of mappings and indexes of lists. */
export type Path = readonly (string | number)[]

/** The content of a file and where each part of it stands. */
export interface YamlDocument {
  /** Mappings, lists and scalars; null for an empty file, and when there are syntax errors. */
  readonly content: unknown
  readonly syntaxErrors: readonly SyntaxFault[]
  /** How many aliases it has. */
  readonly aliasCount: number
  /** The 1-based line of the key or the list item at `path`; of its nearest parent where it is missing. */
  lineOf(path: Path): number | null
}

interface SyntaxFault {
  readonly line: number | null
  readonly refusal: Refusal
}

/** More aliases than this are an attack or a mistake, not a configuration. */
export const ALIASES_MAX = 100

/** As `readYaml`, all of the text at once. */
export function readWholeYaml(text: string): YamlDocument {
  const lines = new LineCounter()
  const keys: KeyIndex = new WeakMap()
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      version: '1.2',
      schema: 'core',
      strict: true,
      // The library compares each key with each other one; see `duplicateKeys`.
      uniqueKeys: false,
      stringKeys: true,
      merge: false,
      prettyErrors: false,
      // Not `silent`: that would keep a second document to itself.
      logLevel: 'error',
    })
    const faults = [...document.errors, ...document.warnings].map((error) => ({
      offset: error.pos[0],
      refusal: refusalOf(error),
    }))
    faults.push(...duplicateKeys(document))
    const aliases = aliasesOf(document)
    if (faults.length === 0) faults.push(...aliasFaults(document, aliases))
    return {
      content: faults.length > 0 ? null : document.toJS({ maxAliasCount: ALIASES_MAX }),
      syntaxErrors: firstOfEachLine(
        faults.map(({ offset, refusal }) => ({ line: lines.linePos(offset).line, refusal })),
      ),
      aliasCount: aliases.length,
      lineOf: (path) => lineOf(document, { lines, keys }, path),
    }
  } catch {
    // The message of what was caught may quote the file.
    const refusal = new Refusal('can not be read as YAML', 'nest and alias less')
    const syntaxErrors = [{ line: null, refusal }]
    return { content: null, syntaxErrors, aliasCount: 0, lineOf: () => null }
  }
}

const BAD_ALIAS = new Refusal('an alias has no anchor', 'put what starts with * in quotes')
const DUPLICATE_KEY = new Refusal('a key stands here for the second time', 'keep one of the two')

/** The library's own messages quote the file, so the frequent ones are said anew. */
const SYNTAX_REFUSALS: ReadonlyMap<string, Refusal> = new Map([
  ['TAB_AS_INDENT', new Refusal('a tab indents this line', 'indent with spaces')],
  [
    'BAD_INDENT',
    new Refusal(
      'does not fit here',
      'check the indentation, and brackets above that are not closed',
    ),
  ],
  ['MULTIPLE_DOCS', new Refusal('a second document starts here', 'keep one document per file')],
  ['BAD_ALIAS', BAD_ALIAS],
  ['NON_STRING_KEY', new Refusal('a key is no text', 'use plain words as keys')],
  ['TAG_RESOLVE_FAILED', new Refusal('a tag is unknown', 'put what starts with ! in quotes')],
])

function refusalOf({ code }: YAMLError): Refusal {
  return (
    SYNTAX_REFUSALS.get(code) ??
    new Refusal(
      `is no valid YAML (${code.toLowerCase().replaceAll('_', '-')})`,
      'check quotes, brackets, colons and indentation near this line',
    )
  )
}

/** What follows on the same line is mostly caused by the first fault. */
function firstOfEachLine(faults: readonly SyntaxFault[]): readonly SyntaxFault[] {
  return faults.filter(
    ({ line }, index) => faults.findIndex((other) => other.line === line) === index,
  )
}

interface Fault {
  readonly offset: number
  readonly refusal: Refusal
}

/** Keys that stand twice in one mapping. */
function duplicateKeys(document: Document): readonly Fault[] {
  const faults: Fault[] = []
  visit(document, {
    Map(_key, { items }) {
      const seen = new Set<string>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        const name = String(key.value)
        if (seen.has(name)) faults.push({ offset: key.range?.[0] ?? 0, refusal: DUPLICATE_KEY })
        seen.add(name)
      }
    },
  })
  return faults
}

function aliasesOf(document: Document): readonly Alias[] {
  const aliases: Alias[] = []
  visit(document, { Alias: (_key, alias) => void aliases.push(alias) })
  return aliases
}

/** The library sees them too late to say where. */
function aliasFaults(document: Document, aliases: readonly Alias[]): readonly Fault[] {
  if (aliases.length > ALIASES_MAX) {
    return [{ offset: 0, refusal: new Refusal('has too many aliases', 'write them out') }]
  }
  return aliases
    .filter((alias) => alias.resolve(document) === undefined)
    .map((alias) => ({ offset: alias.range?.[0] ?? 0, refusal: BAD_ALIAS }))
}

/** The entries of the mappings that were asked for, by key: a file may have thousands of them. */
type KeyIndex = WeakMap<YAMLMap, ReadonlyMap<string, Entry>>

/** `at` is what carries the line: the key of a mapping, the item of a list. */
interface Entry {
  readonly at: Node
  readonly value: unknown
}

function lineOf(
  document: Document,
  { lines, keys }: { readonly lines: LineCounter; readonly keys: KeyIndex },
  path: Path,
): number | null {
  let node: unknown = document.contents
  let offset = isNode(node) ? node.range?.[0] : undefined
  for (const step of path) {
    const next = child(resolve(node, document), step, keys)
    if (next === null) break
    offset = next.at.range?.[0] ?? offset
    node = next.value
  }
  return offset === undefined ? null : lines.linePos(offset).line
}

function resolve(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

function child(node: unknown, step: string | number, keys: KeyIndex): Entry | null {
  if (isMap(node)) {
    const entries = keys.get(node) ?? entriesOf(node)
    keys.set(node, entries)
    return entries.get(String(step)) ?? null
  }
  if (isSeq(node)) {
    const item = node.items[Number(step)]
    if (isNode(item)) return { at: item, value: item }
  }
  return null
}

function entriesOf({ items }: YAMLMap): ReadonlyMap<string, Entry> {
  return new Map(
    items.flatMap(({ key, value }) =>
      isScalar(key) ? [[String(key.value), { at: key, value }] as const] : [],
    ),
  )
}

/** A mapping of a document's content, not a list or a scalar. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
