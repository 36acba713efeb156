import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { catalog } from '../../../src/catalog.ts'
import { runSchema } from '../../../src/cli/schema.ts'
import { configJsonSchema } from '../../../src/config/json-schema.ts'
import { fakeCatalog } from '../../fakes/catalog.ts'

test('config/schema.json is what `sidekey schema` prints (write it anew with: npm run -s sidekey -- schema > config/schema.json)', () => {
  const printed: string[] = []
  expect(runSchema({ out: (line) => printed.push(line), err: () => {} }, catalog)).toBe(0)
  expect(readFileSync('config/schema.json', 'utf8')).toBe(`${printed.join('\n')}\n`)
})

test('the schema shows what may be written: units as text, defaults, the keys of each provider', () => {
  const text = JSON.stringify(configJsonSchema(fakeCatalog))
  expect(text).toContain('"const":"acme"')
  expect(text).toContain('"const":"mounted"')
  expect(text).toContain('"default":"30d"')
  expect(text).not.toContain('"default":2592000000')
})

test('every mapping of the schema refuses unknown keys', () => {
  const open: string[] = []
  const walk = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return
    if ('properties' in node && !('additionalProperties' in node)) open.push(path)
    for (const [key, value] of Object.entries(node)) walk(value, `${path}/${key}`)
  }
  walk(configJsonSchema(catalog), '')
  expect(open).toEqual([])
})
