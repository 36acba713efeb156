/**
 * A text, and behind it one line for each field. It is built by `+=` in a loop: that costs the least on the hot path.
 * @param fields names and values in turn, of which none can end its line
 */
export function withFields(text: string, fields: readonly string[]): string {
  let lines = text
  for (let i = 0; i + 1 < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`
  return lines
}

/** Whether one of the fields tells how long the body is. */
export function isSized(fields: readonly string[]): boolean {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? ''
    if (name.length === 14 && name.toLowerCase() === 'content-length') return true
  }
  return false
}

/** The end of a chunked body, and what follows it. */
export function lastChunk(trailers: readonly string[]): string {
  return `${withFields('0\r\n', trailers)}\r\n`
}
