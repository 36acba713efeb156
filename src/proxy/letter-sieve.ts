// Which groups of three letters stand in some texts, each told by a number of ten bits. A text that holds another one holds
// all groups of that one: three of them tell most texts apart without reading the text that is looked for, which a
// thousand credentials in turn would have to fetch from memory that nobody has touched since long.

const GROUPS = 1024
const LAST = GROUPS - 1
/** Of the texts that were put in since `empty`. A request is done with it before another one begins. */
const seen = new Int32Array(GROUPS / 32)

/** Three groups of a text, its first, one in the middle and its last, as letters: a text is one place of memory. */
export function threeGroups(text: string): string {
  const middle = (text.length + 2) >> 1
  return String.fromCharCode(
    groupAt(text, 2),
    groupAt(text, middle),
    groupAt(text, text.length - 1),
  )
}

/** Forgets all texts. */
export function empty(): void {
  seen.fill(0)
}

/** Puts a text in. */
export function put(text: string): void {
  let group = 0
  for (let i = 0; i < text.length; i++) {
    group = next(group, text.charCodeAt(i))
    seen[group >> 5] = (seen[group >> 5] ?? 0) | (1 << (group & 31))
  }
}

/**
 * Whether one of the texts may hold one of others; if not, none does.
 * @param told of these others, by `threeGroups`, one behind the other
 */
export function mayHold(told: string): boolean {
  for (let i = 0; i + 2 < told.length; i += 3) {
    if (has(told, i) && has(told, i + 1) && has(told, i + 2)) return true
  }
  return false
}

function has(told: string, at: number): boolean {
  const group = told.charCodeAt(at)
  return ((seen[group >> 5] ?? 0) & (1 << (group & 31))) !== 0
}

/** Of the group that ends at a place of a text. */
function groupAt(text: string, at: number): number {
  let group = 0
  for (let i = Math.max(0, at - 2); i <= at; i++) group = next(group, text.charCodeAt(i))
  return group
}

/** What a letter makes of the group before it: of the one three letters back nothing is left. */
function next(group: number, letter: number): number {
  return ((group << 4) ^ letter) & LAST
}
