/** A part of a file that can be read by itself: a whole section, or some entries of one. */
export interface YamlPiece {
  /** Of the section. */
  readonly key: string
  /** The line of the section's key, from 0. */
  readonly keyLine: number
  /** Whether it is the whole section with its key, or entries only. */
  readonly isWhole: boolean
  readonly text: string
  /** Lines of the file before it. */
  readonly linesBefore: number
}

// Blanks of YAML only: JavaScript's `\s` takes a byte order mark for one, and hard spaces.
const SECTION = /^([A-Za-z][\w-]*):(?=[ \t\r]|$)/
const KEY_ALONE = /^[A-Za-z][\w-]*:[ \t\r]*$/
const NOTHING = /^[ \t\r]*(?:#|$)/
/** The value of a key that stands by itself, after `?`, is no entry of its own. */
const VALUE_ALONE = /^ *:/

/**
 * Cuts a file between its sections, and those longer than `lengthMax` characters between their entries. In YAML what an
 * entry holds is indented deeper than the entry itself; where it is not, a piece ends within a bracket or a quote, and has
 * an error.
 * @returns null where something stands that is neither a section nor part of one, such as the marker of a document
 */
export function cutYaml(text: string, lengthMax: number): readonly YamlPiece[] | null {
  const lines = text.split('\n')
  const starts = lines.flatMap((line, index) =>
    /^[^ \t]/.test(line) && !NOTHING.test(line) ? [index] : [],
  )
  const first = lines.findIndex((line) => !NOTHING.test(line))
  if (first !== starts[0] || !starts.every((at) => SECTION.test(lines[at] ?? ''))) return null
  return starts.flatMap((from, index) => {
    const to = starts[index + 1] ?? lines.length
    return cutSection(lines, from, to, lengthMax)
  })
}

function cutSection(
  lines: readonly string[],
  from: number,
  to: number,
  lengthMax: number,
): readonly YamlPiece[] {
  const head = lines[from] ?? ''
  const section = { key: SECTION.exec(head)?.[1] ?? '', keyLine: from }
  const piece = (begun: number, end: number, isWhole: boolean): YamlPiece => {
    // With the last newline: it is part of a `|+`, and without it the `\r` before it would be part of a value.
    const text = lines.slice(begun, end).join('\n') + (end < lines.length ? '\n' : '')
    return { ...section, isWhole, text, linesBefore: begun }
  }
  const whole = piece(from, to, true)
  if (whole.text.length <= lengthMax) return [whole]
  const first = lines.findIndex((line, at) => at > from && !NOTHING.test(line))
  const hasEntries = KEY_ALONE.test(head) && first > 0 && first < to
  if (!hasEntries) return [whole]
  const indent = indentOf(lines[first] ?? '')
  const pieces: YamlPiece[] = []
  let begun = first
  let length = 0
  for (let at = first; at < to; at++) {
    const line = lines[at] ?? ''
    const isEntry = indentOf(line) === indent && !NOTHING.test(line) && !VALUE_ALONE.test(line)
    if (length > lengthMax && isEntry) {
      pieces.push(piece(begun, at, false))
      begun = at
      length = 0
    }
    length += line.length + 1
  }
  return [...pieces, piece(begun, to, false)]
}

function indentOf(line: string): number {
  return /^[ \t]*/.exec(line)?.[0].length ?? 0
}
