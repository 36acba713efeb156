import { percentEncode } from './percent-encode.ts'
import type { RenderedPairs } from './render-credential.ts'

/**
 * Replaces parameters in a query or a form, byte for byte elsewhere: the first occurrence of each name gets the new
 * value where it stands, further ones go, missing ones are added at the end. Names are compared after decoding.
 *
 * @param text one character per byte
 * @param names every name that must not keep the caller's value
 * @param pairs what is written, with encoded values; null: only take out
 */
export function spliceParameters(
  text: string,
  names: ReadonlySet<string>,
  pairs: RenderedPairs['pairs'] | null,
): string {
  const missing = new Map(pairs?.map((pair) => [pair.name, pair.value]))
  const kept: string[] = []
  for (const segment of text === '' ? [] : text.split('&')) {
    const name = parameterName(segment)
    if (!names.has(name)) {
      kept.push(segment)
      continue
    }
    const value = missing.get(name)
    if (value === undefined) continue
    kept.push(`${percentEncode(name)}=${value}`)
    missing.delete(name)
  }
  for (const [name, value] of missing) kept.push(`${percentEncode(name)}=${value}`)
  return kept.join('&')
}

/** Whether one of the names stands in a query or a form. */
export function hasParameter(text: string, names: ReadonlySet<string>): boolean {
  return mayHold(text, names) && text.split('&').some((each) => names.has(parameterName(each)))
}

/** Most texts hold none of the names, which is seen without taking them apart. */
function mayHold(text: string, names: ReadonlySet<string>): boolean {
  for (const name of names) if (text.includes(name)) return true
  return ESCAPED_NAME.test(text)
}

const ESCAPED_NAME = /(?:^|&)[^=&]*[%+\x80-\xff]/

/** The decoded values of one name, in their order. */
export function parameterValues(text: string, name: string): readonly string[] {
  return parametersOf(text).flatMap((each) => (each.name === name ? each.value : []))
}

/** Every parameter, decoded. */
export function parametersOf(
  text: string,
): readonly { readonly name: string; readonly value: string }[] {
  const segments = text.split('&').filter((segment) => segment !== '')
  return segments.map((segment) => {
    const equals = segment.indexOf('=')
    const value = equals < 0 ? '' : decode(segment.slice(equals + 1))
    return { name: parameterName(segment), value }
  })
}

function parameterName(segment: string): string {
  const equals = segment.indexOf('=')
  return decode(equals < 0 ? segment : segment.slice(0, equals))
}

/** UTF-8 of a text with one character per byte. */
function decode(raw: string): string {
  if (!/[%+\x80-\xff]/.test(raw)) return raw
  // Broken escapes stay as they are: no upstream reads them as a name of ours.
  const bytes = raw
    .replaceAll('+', ' ')
    .replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
