import { RefusedError } from '../../kernel/errors.ts'
import { JSON_DEPTH_MAX } from '../../kernel/limits.ts'
import type { Marker, Replaced } from './marker.ts'

/** Where in a body placeholders may stand: at these RFC 6901 pointers; null: at every one. */
export type DeclaredMembers = ReadonlySet<string> | null

/**
 * Replaces placeholders in the strings of a JSON body; other bytes stay.
 * @param text one character per byte
 * @throws RefusedError `placeholder-unresolved`, or `body-malformed` when one stands in what is not JSON
 */
export function replaceInJson(text: string, marker: Marker, declared: DeclaredMembers): Replaced {
  // An escape may hide one.
  if (!marker.isIn(text) && !text.includes('\\u')) return { text, secrets: 0 }
  try {
    JSON.parse(Buffer.from(text, 'latin1').toString('utf8'))
  } catch {
    if (!marker.isIn(text)) return { text, secrets: 0 }
    throw new RefusedError('body-malformed', 'the body is not valid JSON')
  }
  let secrets = 0
  let from = 0
  const kept: string[] = []
  for (const token of stringsOf(text, declared)) {
    const raw = text.slice(token.start, token.end)
    const meant = raw.includes('\\') ? unescape(raw) : raw
    if (!token.isDeclared) {
      marker.refuseIn(meant)
      continue
    }
    const replaced = marker.replace(raw, escapeBytes, meant)
    secrets += replaced.secrets
    if (replaced.text === raw) continue
    kept.push(text.slice(from, token.start), replaced.text)
    from = token.end
  }
  return { text: kept.join('') + text.slice(from), secrets }
}

interface StringToken {
  /** Between the quotes. */
  readonly start: number
  readonly end: number
  /** A value, at a pointer of the route's. */
  readonly isDeclared: boolean
}

/** Every string of a text that is known to be JSON, with what its place means. */
function* stringsOf(text: string, declared: DeclaredMembers): Generator<StringToken> {
  const places: Place[] = []
  for (let at = 0; at < text.length; at++) {
    const place = places.at(-1)
    const char = text.charAt(at)
    switch (char) {
      case '{':
      case '[':
        if (places.length >= JSON_DEPTH_MAX) {
          throw new RefusedError('body-malformed', 'the body is nested too deeply')
        }
        places.push({
          isObject: char === '{',
          under: underOf(place, declared),
          step: char === '{' ? '' : '0',
          isKey: true,
        })
        break
      case '}':
      case ']':
        places.pop()
        break
      case ',':
        if (place?.isObject === true) place.isKey = true
        else if (place !== undefined) place.step = String(Number(place.step) + 1)
        break
      case ':':
        if (place !== undefined) place.isKey = false
        break
      case '"': {
        const start = at + 1
        const end = endOfString(text, start)
        const isKey = place?.isObject === true && place.isKey
        if (isKey) place.step = escapeStep(unescape(text.slice(start, end)))
        yield { start, end, isDeclared: !isKey && isDeclaredAt(place, declared) }
        at = end
      }
    }
  }
}

/** A container that is open at some point of the text. */
interface Place {
  readonly isObject: boolean
  /** Its pointer and a slash, where a declared one begins so; else null, since no other is worth writing down. */
  readonly under: string | null
  /** The member or the index that is being read, as a step of a pointer. */
  step: string
  isKey: boolean
}

function underOf(place: Place | undefined, declared: DeclaredMembers): string | null {
  if (place === undefined) return '/'
  if (place.under === null || declared === null) return null
  const under = `${place.under}${place.step}/`
  for (const pointer of declared) if (pointer.startsWith(under)) return under
  return null
}

function isDeclaredAt(place: Place | undefined, declared: DeclaredMembers): boolean {
  if (declared === null) return true
  // A text alone is the whole, whose pointer is empty.
  if (place === undefined) return declared.has('')
  return place.under !== null && declared.has(place.under + place.step)
}

function escapeStep(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

function endOfString(text: string, start: number): number {
  let at = start
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}

/** What a string between its quotes means; bytes of UTF-8 become its characters. */
function unescape(raw: string): string {
  return String(JSON.parse(`"${Buffer.from(raw, 'latin1').toString('utf8')}"`))
}

/** One character per byte, as the text around it has. */
function escapeBytes(value: string): string {
  const escaped = JSON.stringify(Buffer.from(value, 'latin1').toString('utf8')).slice(1, -1)
  return Buffer.from(escaped, 'utf8').toString('latin1')
}
