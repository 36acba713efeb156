/**
 * A text, and behind it one line for each field. It is built by `+=` in a loop: that costs the least on the hot path.
 * @param fields names and values in turn, of which none can end its line
 */
export function withFields(text: string, fields: readonly string[]): string {
  let lines = text
  for (let i = 0; i + 1 < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`
  return lines
}
