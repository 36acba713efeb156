/**
 * The text of every element with this local name, in order; null for an empty one. Namespaces prefixes are ignored.
 * One pass, no entities beyond the predefined and the numeric ones; a document type is refused, so that nothing in it
 * can expand: the answer is then no element at all.
 */
export function xmlValues(text: string, localName: string): readonly (string | null)[] {
  const found: (string | null)[] = []
  let inside: string | null = null
  let at = 0
  while (at < text.length) {
    const open = text.indexOf('<', at)
    if (inside !== null) inside += decode(text.slice(at, open < 0 ? text.length : open))
    if (open < 0) break
    const markup = readMarkup(text, open)
    if (markup === null || markup.kind === 'doctype') return []
    if (markup.kind === 'cdata' && inside !== null) inside += markup.text
    if (markup.kind === 'tag' && markup.localName === localName) {
      if (markup.closes && inside !== null) found.push(inside.trim())
      if (markup.opens && markup.closes) found.push(null)
      inside = markup.opens && !markup.closes ? '' : null
    }
    at = markup.end
  }
  return found
}

type Markup =
  | { readonly kind: 'doctype' | 'skipped'; readonly end: number }
  | { readonly kind: 'cdata'; readonly end: number; readonly text: string }
  | {
      readonly kind: 'tag'
      readonly end: number
      readonly localName: string
      readonly opens: boolean
      readonly closes: boolean
    }

/** Null when the markup does not end. */
function readMarkup(text: string, open: number): Markup | null {
  if (text.startsWith('<!--', open)) return skipped(text.indexOf('-->', open), 3)
  if (text.startsWith('<![CDATA[', open)) {
    const end = text.indexOf(']]>', open)
    return end < 0 ? null : { kind: 'cdata', end: end + 3, text: text.slice(open + 9, end) }
  }
  if (text.startsWith('<?', open)) return skipped(text.indexOf('?>', open), 2)
  if (text.startsWith('<!', open)) return { kind: 'doctype', end: text.length }
  return readTag(text, open)
}

function skipped(end: number, length: number): Markup | null {
  return end < 0 ? null : { kind: 'skipped', end: end + length }
}

function readTag(text: string, open: number): Markup | null {
  const end = text.indexOf('>', open)
  if (end < 0) return null
  const inner = text.slice(open + 1, end)
  const closing = inner.startsWith('/')
  const empty = inner.endsWith('/')
  const name = /^\/?([^\s/>]*)/.exec(inner)?.[1] ?? ''
  return {
    kind: 'tag',
    end: end + 1,
    localName: name.slice(name.indexOf(':') + 1),
    opens: !closing,
    closes: closing || empty,
  }
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
])

function decode(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(/&(#x?[0-9a-f]{1,6}|\w{2,4});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES.get(name) ?? whole
    const code = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10)
    return Number.isNaN(code) || code > 0x10ffff ? whole : String.fromCodePoint(code)
  })
}
