import { RefusedError } from '../kernel/errors.ts'
import { JSON_DEPTH_MAX } from '../kernel/limits.ts'
import type { RenderedPairs } from './render-credential.ts'

/** Where the members stand that a credential may replace. Offsets are bytes of the body. */
export interface JsonOutline {
  readonly objects: readonly OutlinedObject[]
}

interface OutlinedObject {
  /** RFC 6901 pointer of the object; empty for the top. */
  readonly pointer: string
  /** Behind its opening brace. */
  readonly start: number
  readonly members: readonly OutlinedMember[]
}

interface OutlinedMember {
  readonly pointer: string
  readonly keyStart: number
  readonly valueStart: number
  readonly valueEnd: number
}

/**
 * Finds the objects that hold the wanted members, without changing a byte. Null when the body is valid JSON, but no
 * object. Members inside arrays and below other members are not touched.
 * @throws RefusedError `body-malformed` when the body is not JSON, or nested too deeply
 */
export function outlineJson(body: Buffer, wanted: ReadonlySet<string>): JsonOutline | null {
  try {
    JSON.parse(body.toString('utf8'))
  } catch {
    throw new RefusedError('body-malformed', 'the body is not valid JSON')
  }
  const scanner = new Scanner(body)
  scanner.skipSpace()
  const isObject = scanner.peek() === OPEN_BRACE
  const objects: OutlinedObject[] = []
  if (isObject) outlineObject(scanner, '', wanted, objects)
  else scanner.skipValue()
  return isObject ? { objects } : null
}

/** Whether the caller wrote one of the wanted members. */
export function hasMember(outline: JsonOutline, wanted: ReadonlySet<string>): boolean {
  return outline.objects.some((object) => object.members.some((m) => wanted.has(m.pointer)))
}

/**
 * Writes the members in, and takes out every other wanted one; all other bytes stay.
 * @param pairs pointers and JSON texts; null: only take out
 * @throws RefusedError `body-malformed` when the object that a member belongs into is missing
 */
export function spliceJson(
  body: Buffer,
  outline: JsonOutline,
  wanted: ReadonlySet<string>,
  pairs: RenderedPairs['pairs'] | null,
): Buffer {
  const values = new Map(pairs?.map((pair) => [pair.name, pair.value]))
  for (const pointer of values.keys()) {
    if (!outline.objects.some((object) => object.pointer === parentOf(pointer))) {
      throw new RefusedError('body-malformed', 'the body lacks the object of the credential')
    }
  }
  const edits = outline.objects.flatMap((object) => editsOf(object, wanted, values))
  const pieces: Buffer[] = []
  let at = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    pieces.push(body.subarray(at, edit.start), Buffer.from(edit.text, 'utf8'))
    at = edit.end
  }
  return Buffer.concat([...pieces, body.subarray(at)])
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

function editsOf(
  object: OutlinedObject,
  wanted: ReadonlySet<string>,
  values: ReadonlyMap<string, string>,
): Edit[] {
  const edits: Edit[] = []
  const written = new Set<string>()
  let lastKept: OutlinedMember | null = null
  let cutFrom: OutlinedMember | null = null
  for (const member of object.members) {
    const value = values.get(member.pointer)
    const stays = !wanted.has(member.pointer)
    const replaced = value !== undefined && !written.has(member.pointer)
    if (!stays && !replaced) {
      cutFrom ??= member
      continue
    }
    if (cutFrom !== null) edits.push({ start: cutFrom.keyStart, end: member.keyStart, text: '' })
    cutFrom = null
    lastKept = member
    if (replaced) {
      edits.push({ start: member.valueStart, end: member.valueEnd, text: value })
      written.add(member.pointer)
    }
  }
  const last = object.members.at(-1)
  if (cutFrom !== null && last !== undefined) {
    edits.push({ start: lastKept?.valueEnd ?? cutFrom.keyStart, end: last.valueEnd, text: '' })
  }
  const added = [...values].filter(
    ([pointer]) => parentOf(pointer) === object.pointer && !written.has(pointer),
  )
  if (added.length > 0) {
    const text = added.map(([pointer, value]) => `${keyText(pointer)}:${value}`).join(',')
    const comma = lastKept === null ? '' : ','
    edits.push({ start: object.start, end: object.start, text: text + comma })
  }
  return edits
}

function parentOf(pointer: string): string {
  return pointer.slice(0, pointer.lastIndexOf('/'))
}

function keyText(pointer: string): string {
  const last = pointer.slice(pointer.lastIndexOf('/') + 1)
  return JSON.stringify(last.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function outlineObject(
  scanner: Scanner,
  pointer: string,
  wanted: ReadonlySet<string>,
  objects: OutlinedObject[],
): void {
  scanner.position++
  const start = scanner.position
  const members: OutlinedMember[] = []
  objects.push({ pointer, start, members })
  for (scanner.skipSpace(); scanner.peek() !== CLOSE_BRACE; scanner.skipSpace()) {
    if (scanner.peek() === COMMA) scanner.position++
    scanner.skipSpace()
    const keyStart = scanner.position
    const member = `${pointer}/${escapeKey(scanner.readString())}`
    scanner.skipSpace()
    scanner.position++ // the colon
    scanner.skipSpace()
    const valueStart = scanner.position
    const inside = scanner.peek() === OPEN_BRACE && leadsTo(member, wanted)
    if (inside) outlineObject(scanner, member, wanted, objects)
    else scanner.skipValue()
    members.push({ pointer: member, keyStart, valueStart, valueEnd: scanner.position })
  }
  scanner.position++
}

function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** The recursion is as deep as the longest wanted pointer, not as the body. */
function leadsTo(pointer: string, wanted: ReadonlySet<string>): boolean {
  for (const each of wanted) if (each.startsWith(`${pointer}/`)) return true
  return false
}

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Walks over JSON that is known to be valid. */
class Scanner {
  position = 0
  readonly #body: Buffer

  constructor(body: Buffer) {
    this.#body = body
  }

  peek(): number {
    return this.#body[this.position] ?? CLOSE_BRACE
  }

  skipSpace(): void {
    while (isSpace(this.#body[this.position])) this.position++
  }

  /** The decoded text of a string: `api\u005fkey` is `api_key`. */
  readString(): string {
    const start = this.position
    this.#skipString()
    return String(JSON.parse(this.#body.toString('utf8', start, this.position)))
  }

  skipValue(): void {
    let depth = 0
    do {
      const byte = this.#body[this.position]
      if (byte === QUOTE) {
        this.#skipString()
      } else {
        if (byte === OPEN_BRACE || byte === 0x5b) depth++
        if (byte === CLOSE_BRACE || byte === 0x5d) depth--
        if (depth > JSON_DEPTH_MAX) {
          throw new RefusedError('body-malformed', 'the body is nested too deeply')
        }
        this.position++
      }
    } while (this.position < this.#body.length && (depth > 0 || !this.#atEnd()))
  }

  #skipString(): void {
    this.position++
    while (this.position < this.#body.length && this.#body[this.position] !== QUOTE) {
      this.position += this.#body[this.position] === BACKSLASH ? 2 : 1
    }
    this.position++
  }

  /** Whether a value outside any container ends here. */
  #atEnd(): boolean {
    const byte = this.#body[this.position]
    const before = this.#body[this.position - 1]
    if (before === QUOTE || before === CLOSE_BRACE || before === 0x5d) return true
    return byte === COMMA || byte === CLOSE_BRACE || byte === 0x5d || isSpace(byte)
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
