import { RefusedError } from '../../kernel/errors.ts'

/** How a placeholder looks: `SIDEKEY_{name}` is `SIDEKEY_` before the name and nothing after it. */
export interface MarkerShape {
  /** At least four unreserved characters, which no encoding of a URL, a form or JSON changes. */
  readonly before: string
  readonly after: string
}

/** A text in which every placeholder has become its value. */
export interface Replaced {
  readonly text: string
  /** How many of them stood for the secret. */
  readonly secrets: number
}

/**
 * Finds placeholders and puts the words of one secret version there. Texts have one character per byte, and so do the
 * values that are put in.
 */
export class Marker {
  readonly #before: string
  readonly #known: RegExp
  readonly #words: ReadonlyMap<string, string>

  /** @param words names and values; `secret` is the secret's */
  constructor({ before, after }: MarkerShape, words: ReadonlyMap<string, string>) {
    this.#before = before
    this.#words = words
    const names = [...words.keys()].toSorted((a, b) => b.length - a.length).map(escapeForRegExp)
    // What goes on is another name, not a known one with something behind it.
    const end = after === '' ? '(?![A-Za-z0-9_])' : escapeForRegExp(after)
    this.#known = new RegExp(`(${names.join('|')})${end}`, 'y')
  }

  /** Whether a placeholder, known or not, stands in the text. */
  isIn(text: string | Buffer): boolean {
    return text.includes(this.#before)
  }

  /**
   * @param decoded how the one who reads the text reads it: a placeholder that only shows then can't be replaced
   * @throws RefusedError `placeholder-unresolved`
   */
  replace(text: string, encode: (value: string) => string, decoded = text): Replaced {
    if (!this.isIn(text)) {
      if (this.isIn(decoded)) throw unresolved('is encoded')
      return { text, secrets: 0 }
    }
    if (count(decoded, this.#before) !== count(text, this.#before)) throw unresolved('is encoded')
    const kept: string[] = []
    let secrets = 0
    let from = 0
    for (let at = text.indexOf(this.#before); at >= 0; at = text.indexOf(this.#before, from)) {
      this.#known.lastIndex = at + this.#before.length
      const name = this.#known.exec(text)?.[1]
      const value = name === undefined ? undefined : this.#words.get(name)
      if (value === undefined) throw unresolved('has no known name')
      if (name === 'secret') secrets++
      kept.push(text.slice(from, at), encode(value))
      from = this.#known.lastIndex
    }
    return { text: kept.join('') + text.slice(from), secrets }
  }

  /** @throws RefusedError `placeholder-unresolved` where one stands in a place that is not declared */
  refuseIn(text: string | Buffer): void {
    if (this.isIn(text)) throw unresolved('stands where the route does not look for one')
  }
}

function unresolved(why: string): RefusedError {
  return new RefusedError('placeholder-unresolved', `a placeholder ${why}`)
}

function count(text: string, part: string): number {
  return text.split(part).length - 1
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)
}
