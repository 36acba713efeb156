import { isDeepStrictEqual } from 'node:util'

/**
 * Equal parts of a configuration become one object: what thousands of accounts have in common, such as a rotation policy,
 * is kept once.
 */
export class Sharing {
  readonly #known = new Map<string, unknown>()

  /** The first part that was equal to it; nobody changes either. */
  of<Part>(part: Part): Part {
    const key = JSON.stringify(part)
    const known = this.#known.get(key)
    // JSON does not tell all things apart, such as two patterns.
    if (isDeepStrictEqual(known, part)) return known as Part
    if (known === undefined) this.#known.set(key, part)
    return part
  }
}
