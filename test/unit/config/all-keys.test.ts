import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { catalog } from '../../../src/catalog.ts'
import { configSchema } from '../../../src/config/schema.ts'

const text = readFileSync('config/all.yaml', 'utf8')

/** A node of a JSON Schema, as far as keys are told by it. */
interface Node {
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, Node>>
  readonly additionalProperties?: Node | boolean
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly oneOf?: readonly Node[]
}

const root = z.toJSONSchema(configSchema(catalog), { io: 'input' }) as Node
const { credentials, routes, ...sections } = root.properties ?? {}

/** Each stands for itself in another example. */
const ELSEWHERE: ReadonlySet<string> = new Set(['inject', 'current', 'previous', 'secret'])

/** The kinds of one entry of a mapping or a list. */
function kindsOf({ additionalProperties, items }: Node = {}): readonly Node[] {
  const entry = items ?? (typeof additionalProperties === 'object' ? additionalProperties : {})
  return entry.oneOf ?? entry.anyOf ?? [entry]
}

/** The keys of a mapping and of all below it. */
function keysOf({ properties = {}, items, anyOf = [], oneOf = [] }: Node): readonly string[] {
  const own = Object.entries(properties).filter(([key]) => !ELSEWHERE.has(key))
  const below = [...own.map(([, node]) => node), ...anyOf, ...oneOf, ...(items ? [items] : [])]
  return [...own.map(([key]) => key), ...below.flatMap(keysOf)]
}

test('config/all.yaml shows every key of the file, of Vonage, static and a route', () => {
  const shown = kindsOf(credentials).filter(({ properties }) =>
    ['vonage', 'static'].includes(String(properties?.['provider']?.const)),
  )
  const parts = [...Object.values(sections), ...shown, ...kindsOf(routes)]
  const keys = new Set(parts.flatMap(keysOf))
  expect([shown.length, kindsOf(routes).length, keys.size > 50]).toEqual([2, 2, true])
  const missing = [...keys].filter((key) => !new RegExp(`\\b${key}:( |$)`, 'm').test(text))
  expect(missing).toEqual([])
})
