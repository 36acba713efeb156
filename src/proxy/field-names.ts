/** Lengths and first letters that are told apart: 32 of each, others by their lowest bits. */
const SHAPES = 32 * 32

/**
 * A set of header field names, in canonical form. A head is looked through by several of them, and most of its fields are
 * in none: length and first letter show that without a lower-case copy and its hash.
 */
export class FieldNames {
  readonly #names: ReadonlySet<string>
  readonly #shapes = new Uint8Array(SHAPES)

  /** @param names each as `canonicalName` gives it */
  constructor(names: readonly string[]) {
    this.#names = new Set(names)
    for (const name of names) {
      this.#shapes[shapeOf(name)] = 1
      // An underscore counts as a dash.
      if (name.startsWith('-')) this.#shapes[shapeOf(`_${name.slice(1)}`)] = 1
    }
  }

  /** False: a field of this name, however it is written, is none of them. */
  mayHave(name: string): boolean {
    return this.#shapes[shapeOf(name)] === 1
  }

  /** @param name in canonical form */
  has(name: string): boolean {
    return this.#names.has(name)
  }
}

/** The same for both cases of a letter. */
function shapeOf(name: string): number {
  return ((name.length & 31) << 5) | (name.charCodeAt(0) & 31)
}
