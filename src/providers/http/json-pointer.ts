import { z } from 'zod'

/** An RFC 6901 pointer in which `*` stands for every element of an array; empty: the whole. */
export type JsonPointer = readonly string[]

export function jsonPointer(description: string) {
  return z
    .string()
    .regex(/^(\/[^/]*)*$/, 'a JSON pointer is empty or starts with /')
    .transform((text): JsonPointer => text.split('/').slice(1).map(unescapePointer))
    .meta({ description })
}

/** Every value that a pointer leads to: none, one, or with `*` any number. */
export function valuesAt(content: unknown, pointer: JsonPointer): readonly unknown[] {
  return pointer.reduce<readonly unknown[]>(
    (values, key) => values.flatMap((value) => step(value, key)),
    content === undefined ? [] : [content],
  )
}

/** The first value, as text; null where there is none that is text or a number. */
export function textAt(content: unknown, pointer: JsonPointer): string | null {
  const [value] = valuesAt(content, pointer)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

function step(value: unknown, key: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null) return []
  if (key === '*') return Array.isArray(value) ? value : []
  return Object.hasOwn(value, key) ? [Reflect.get(value, key)] : []
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}
