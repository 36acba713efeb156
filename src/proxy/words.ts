// Words are what stands between spaces. A text that holds another one has, for each word of that one, a word as long.

/** Length of the longest word of a text. */
export function longestWord(text: string): number {
  return text.split(' ').reduce((longest, { length }) => Math.max(longest, length), 0)
}

/** Whether a text has a word of at least this length. */
export function hasWord(text: string, length: number): boolean {
  let from = 0
  while (text.length - from >= length) {
    const end = text.indexOf(' ', from)
    if (end < 0 || end - from >= length) return true
    from = end + 1
  }
  return false
}
