import { z } from 'zod'

/** Between what is wrong and what to do; the same in an issue of zod and in a printed line. */
const SEPARATOR = ' — '

/** What is wrong with a value, and what to do. Holds neither the value nor a part of it. */
export class Refusal {
  readonly message: string
  readonly remedy: string

  constructor(message: string, remedy: string) {
    this.message = message
    this.remedy = remedy
  }

  /** As one text; `Refusal.parse` reads it. */
  toString(): string {
    return `${this.message}${SEPARATOR}${this.remedy}`
  }

  /** Null for a text that `toString` did not make, such as one of zod's own messages. */
  static parse(text: string): Refusal | null {
    const [message, remedy] = text.split(SEPARATOR)
    return message === undefined || remedy === undefined ? null : new Refusal(message, remedy)
  }
}

/** What an editor shows beside a key. */
export interface ScalarMeta {
  readonly description: string
  readonly examples?: readonly string[]
  /** A regular expression for editors; `parse` is what decides. */
  readonly pattern?: string
}

/** A text of the file that `parse` reads or refuses. */
export function scalar<T>(parse: (text: string) => T | Refusal, meta: ScalarMeta) {
  return z
    .string()
    .transform((text, context): T => {
      const parsed = parse(text)
      if (!(parsed instanceof Refusal)) return parsed
      context.addIssue({ code: 'custom', message: parsed.toString() })
      return z.NEVER
    })
    .meta({ ...meta })
}
