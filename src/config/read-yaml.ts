import {
  ALIASES_MAX,
  isMapping,
  type Path,
  readWholeYaml,
  type YamlDocument,
} from './yaml-document.ts'
import { cutYaml, type YamlPiece } from './yaml-pieces.ts'

/** In characters. What the library keeps of a text while it reads it takes eighty times as much memory. */
const PIECE_LENGTH = 64 * 1024

/**
 * Reads YAML 1.2 (core schema) strictly: unique string keys, one document, no merge keys. A long text, of thousands of
 * accounts, is read piece by piece, so that what is kept of one is gone before the next; where that does not work out, be it
 * for an error or for an alias, it is read as a whole, and that decides.
 */
export function readYaml(text: string, pieceLength = PIECE_LENGTH): YamlDocument {
  const pieces = text.length > pieceLength ? cutYaml(text, pieceLength) : null
  return (pieces && readInPieces(pieces)) ?? readWholeYaml(text)
}

/** Where an entry stands: the path within its piece, and its line in the file. */
interface Place {
  readonly piece: YamlPiece
  readonly step: string | number
  readonly line: number | null
}

function readInPieces(pieces: readonly YamlPiece[]): YamlDocument | null {
  const sections = new Map<string, unknown>()
  const places = new Map<string, Map<string | number, Place>>()
  let before: YamlPiece | null = null
  let aliasCount = 0
  for (const piece of pieces) {
    const document = readWholeYaml(piece.text)
    aliasCount += document.aliasCount
    const goesOn = !piece.isWhole && before?.keyLine === piece.keyLine
    before = piece
    if (document.syntaxErrors.length > 0 || (sections.has(piece.key) && !goesOn)) return null
    if (piece.isWhole) {
      sections.set(piece.key, isMapping(document.content) ? document.content[piece.key] : null)
      continue
    }
    const known = goesOn ? sections.get(piece.key) : null
    const joined = join(known ?? null, document.content)
    if (joined === null) return null
    sections.set(piece.key, joined)
    const entries = places.get(piece.key) ?? new Map<string | number, Place>()
    places.set(piece.key, entries)
    for (const step of stepsOf(document.content)) {
      const line = inFile(document.lineOf([step]), piece)
      entries.set(typeof step === 'number' ? entries.size : step, { piece, step, line })
    }
  }
  if (aliasCount > ALIASES_MAX) return null
  const content: unknown = Object.fromEntries(sections)
  return { content, syntaxErrors: [], aliasCount, lineOf: lineFinder(pieces, places) }
}

/** Adds entries to those before them. @returns null where they don't go together */
function join(known: unknown, entries: unknown): unknown {
  if (known === null) return isMapping(entries) || Array.isArray(entries) ? entries : null
  if (Array.isArray(known) && Array.isArray(entries)) {
    for (const entry of entries) known.push(entry)
    return known
  }
  if (!isMapping(known) || !isMapping(entries)) return null
  for (const [key, value] of Object.entries(entries)) {
    // The first is a mistake that has to be told, the second is no key to assign to.
    if (Object.hasOwn(known, key) || key === '__proto__') return null
    known[key] = value
  }
  return known
}

function lineFinder(
  pieces: readonly YamlPiece[],
  places: ReadonlyMap<string, ReadonlyMap<string | number, Place>>,
): (path: Path) => number | null {
  const byKey = new Map(pieces.map((piece) => [piece.key, piece]))
  // What is asked for one after the other is mostly in the same piece.
  let last: { readonly piece: YamlPiece; readonly document: YamlDocument } | null = null
  const within = (piece: YamlPiece, path: Path) => {
    if (last?.piece !== piece) last = { piece, document: readWholeYaml(piece.text) }
    return inFile(last.document.lineOf(path), piece)
  }
  return (path) => {
    const [section, entry, ...rest] = path
    const piece = byKey.get(String(section))
    if (piece === undefined) return (pieces[0]?.keyLine ?? 0) + 1
    if (piece.isWhole) return within(piece, path)
    const place = entry === undefined ? undefined : places.get(piece.key)?.get(entry)
    if (place === undefined) return piece.keyLine + 1
    return rest.length === 0 ? place.line : within(place.piece, [place.step, ...rest])
  }
}

function stepsOf(content: unknown): readonly (string | number)[] {
  if (Array.isArray(content)) return [...content.keys()]
  return isMapping(content) ? Object.keys(content) : []
}

function inFile(line: number | null, { linesBefore }: YamlPiece): number | null {
  return line === null ? null : line + linesBefore
}
