import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PrefixIndex } from '../../../src/proxy/prefix-index.ts'

const indexOf = (...prefixes: readonly string[]): PrefixIndex<string> =>
  new PrefixIndex(new Map(prefixes.map((prefix) => [prefix, `of ${prefix}`])))

test.each([
  ['/a', 'of /a', '/'],
  ['/a/', 'of /a', '/'],
  ['/a/x/y', 'of /a', '/x/y'],
  ['/a/b', 'of /a/b', '/'],
  ['/a/b/c', 'of /a/b', '/c'],
  ['/a//b', 'of /a', '//b'],
] as const)('%s is %s, and %s is left', (path, value, rest) => {
  expect(indexOf('/a', '/a/b').find(path)).toEqual({ value, rest })
})

test.each(['/', '/ab', '/A', '/b/a', '//a'])('%s has no prefix of these', (path) => {
  expect(indexOf('/a', '/a/b').find(path)).toBeNull()
})

test('of none, nothing is found', () => {
  expect(indexOf().find('/a')).toBeNull()
})

test('a thousand are found, each by its own', () => {
  const prefixes = Array.from({ length: 1_000 }, (_, n) => `/route-${String(n).padStart(4, '0')}`)
  const index = indexOf(...prefixes)
  for (const prefix of prefixes) expect(index.find(`${prefix}/x`)?.value).toBe(`of ${prefix}`)
  expect(index.find('/route-1000/x')).toBeNull()
})

test('it finds what a look at all of them finds', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', 'ba', 'a-b', 'é')
  const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((all) => `/${all.join('/')}`)
  fc.assert(
    fc.property(fc.uniqueArray(path, { maxLength: 40 }), path, (prefixes, asked) => {
      const longest = prefixes
        .filter((prefix) => asked === prefix || asked.startsWith(`${prefix}/`))
        .toSorted((a, b) => b.length - a.length)[0]
      expect(indexOf(...prefixes).find(asked)?.value).toBe(longest && `of ${longest}`)
    }),
    { numRuns: 500 },
  )
})
