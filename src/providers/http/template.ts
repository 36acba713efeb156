import { z } from 'zod'
import { joinText, type Text } from '../rest/secret-text.ts'

/** Text of the configuration with placeholders such as `{account}`, taken apart. `{{` is a brace. */
export type Template = readonly (string | Placeholder)[]

interface Placeholder {
  readonly word: string
}

/** The values of the placeholders. */
export type Words = Readonly<Record<string, Text>>

const PIECE = /\{\{|\}\}|\{([A-Za-z]+)\}|[{}]/g

/** A template in which nothing but these words may stand; another one is an error when the file is read. */
export function templateOf(words: readonly string[], description: string) {
  return z
    .string()
    .transform((text, context): Template => {
      const parts = takeApart(text)
      const unknown = parts?.find((part) => typeof part !== 'string' && !words.includes(part.word))
      if (parts !== null && unknown === undefined) return parts
      const known = words.map((word) => `{${word}}`).join(', ')
      context.addIssue({ code: 'custom', message: `only these placeholders stand here: ${known}` })
      return z.NEVER
    })
    .meta({ description: `${description} Placeholders: ${words.map((w) => `{${w}}`).join(', ')}.` })
}

/** Null where a brace stands alone. */
function takeApart(text: string): Template | null {
  const parts: (string | Placeholder)[] = []
  let from = 0
  for (const { 0: piece, 1: word, index } of text.matchAll(PIECE)) {
    if (piece.length === 1) return null
    parts.push(text.slice(from, index), word === undefined ? piece.charAt(0) : { word })
    from = index + piece.length
  }
  return [...parts, text.slice(from)].filter((part) => part !== '')
}

/** The text of a template. `encode` is applied to what stands in for a placeholder, not to what the file says. */
export function render(
  template: Template,
  words: Words,
  encode: (text: Text) => Text = (text) => text,
): Text {
  return joinText(
    template.map((part) => (typeof part === 'string' ? part : encode(words[part.word] ?? ''))),
  )
}

/** Whether a placeholder stands in one of the templates. */
export function mentions(templates: readonly Template[], word: string): boolean {
  return templates.some((template) =>
    template.some((part) => typeof part !== 'string' && part.word === word),
  )
}
