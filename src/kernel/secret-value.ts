const REDACTED = '[redacted]'

/**
 * The text of a secret, from the edge where it is read to the place where it is sent or stored.
 * Nothing prints it: `String()`, templates, `JSON.stringify` and `util.inspect` all give `[redacted]`.
 */
export class SecretValue {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /**
   * The text itself. Call it inline, only in a file that sends or stores the value;
   * `test/architecture/tidy.test.ts` holds the list of those files.
   */
  expose(): string {
    return this.#text
  }

  /** How many UTF-16 units the text has. */
  get length(): number {
    return this.#text.length
  }

  /** Whether both hold the same text. For bookkeeping; not a constant-time comparison. */
  equals(other: SecretValue): boolean {
    return this.#text === other.#text
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED
  }
}
