/**
 * Values by path prefix. A `Map` reads some five places of memory for a text among a thousand, which nobody has touched since
 * long; this one reads four small arrays, which stay in a processor's caches.
 */
export class PrefixIndex<Value> {
  /** From 1 on. */
  readonly #values: readonly (Value | null)[]
  /** All prefixes, one behind the other. */
  readonly #letters: Uint16Array
  /** Where the prefix of a value ends there; it begins where the one before it ends. */
  readonly #ends: Int32Array
  /** By hash: the place among the values; 0 where there is none. At least half of them are free. */
  readonly #slots: Int32Array
  /** The most segments, and the most letters, that a prefix has. */
  readonly #segmentsMax: number
  readonly #lengthMax: number

  constructor(entries: ReadonlyMap<string, Value>) {
    const prefixes = ['', ...entries.keys()]
    this.#values = [null, ...entries.values()]
    const depths = prefixes.map((prefix) => prefix.split('/').length - 1)
    this.#segmentsMax = depths.reduce((most, depth) => Math.max(most, depth), 0)
    this.#lengthMax = prefixes.reduce((most, { length }) => Math.max(most, length), 0)
    const text = prefixes.join('')
    this.#letters = Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))
    let end = 0
    this.#ends = Int32Array.from(prefixes, ({ length }) => (end += length))
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(1, entries.size) * 2)))
    for (const [at, prefix] of prefixes.entries()) {
      if (at > 0) this.#slots[this.#slotOf(prefix, prefix.length)] = at
    }
  }

  /** The value of the longest prefix of whole segments that a path has, and what is left of the path behind it. */
  find(path: string): { readonly value: Value; readonly rest: string } | null {
    let end = segmentsEnd(path, this.#segmentsMax)
    while (end > 0) {
      const value = end > this.#lengthMax ? null : this.#valueAt(this.#slotOf(path, end))
      if (value !== null) return { value, rest: path.slice(end) || '/' }
      end = path.lastIndexOf('/', end - 1)
    }
    return null
  }

  #valueAt(slot: number): Value | null {
    return this.#values[this.#slots[slot] ?? 0] ?? null
  }

  /** Where the first `length` letters of a text stand, or would. */
  #slotOf(text: string, length: number): number {
    let hash = 0
    for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
    const last = this.#slots.length - 1
    let slot = (hash ^ (hash >>> 15)) & last
    for (;;) {
      const at = this.#slots[slot] ?? 0
      if (at === 0) return slot
      if (this.#begins(text, length, at)) return slot
      slot = (slot + 1) & last
    }
  }

  /** Whether the first `length` letters of a text are the prefix of a value. */
  #begins(text: string, length: number, at: number): boolean {
    const start = this.#ends[at - 1] ?? 0
    if (this.#ends[at] !== start + length) return false
    for (let i = 0; i < length; i++) {
      if (text.charCodeAt(i) !== this.#letters[start + i]) return false
    }
    return true
  }
}

/** Where the first `count` segments of a path end. */
function segmentsEnd(path: string, count: number): number {
  let end = 0
  for (let segment = 0; segment < count && end < path.length; segment++) {
    const next = path.indexOf('/', end + 1)
    end = next < 0 ? path.length : next
  }
  return end
}
