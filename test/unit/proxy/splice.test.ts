import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasMember, outlineJson, spliceJson } from '../../../src/proxy/splice-json.ts'
import { hasParameter, spliceParameters } from '../../../src/proxy/splice-parameters.ts'

const NAMES = new Set(['api_key', 'api_secret'])
const PAIRS = [
  { name: 'api_key', value: 'k' },
  { name: 'api_secret', value: 's%2B' },
]

const segment = fc.oneof(
  fc.string({
    unit: fc.constantFrom(
      'a',
      'b',
      '=',
      '%',
      '2',
      '5',
      'f',
      '+',
      '[',
      ']',
      '_',
      ';',
      '/',
      '\u00ff',
    ),
    maxLength: 8,
  }),
  fc.constantFrom('api_secret=x', 'api%5Fsecret=y', 'api_secret', 'api_key=', 'api_secret[]=z'),
)

test('every byte of a query outside the named parameters is identical, in order', () => {
  fc.assert(
    fc.property(fc.array(segment), (segments) => {
      const text = segments.join('&')
      const others = (value: string) =>
        value.split('&').filter((each) => !hasParameter(each, NAMES))
      const spliced = spliceParameters(text, NAMES, PAIRS)
      const kept = others(spliced)
      expect(kept).toEqual(text === '' ? [] : others(text))
      expect(
        spliced
          .split('&')
          .filter((each) => hasParameter(each, NAMES))
          .toSorted(),
      ).toEqual(['api_key=k', 'api_secret=s%2B'])
      const cleaned = spliceParameters(text, NAMES, null)
      expect(hasParameter(cleaned, NAMES)).toBe(false)
    }),
  )
})

const POINTERS = new Set(['/api_key', '/api_secret'])
const JSON_PAIRS = [
  { name: '/api_key', value: '"k"' },
  { name: '/api_secret', value: '"s\\""' },
]
const key = fc.constantFrom('api_key', 'api_secret', 'a', 'b\\u0041', 'api\\u005fsecret', 'é', '')
const space = fc.constantFrom('', ' ', '\n\t')
const member = fc.tuple(key, fc.jsonValue(), space, space).map(([name, value, a, b]) => ({
  name,
  text: `${a}"${name}"${b}:${a}${JSON.stringify(value)}${b}`,
}))
const isOurs = (name: string) => NAMES.has(JSON.parse(`"${name}"`) as string)

test('every byte of an object outside the named members is identical, in order', () => {
  fc.assert(
    fc.property(fc.array(member, { maxLength: 6 }), space, (members, around) => {
      const body = Buffer.from(`${around}{${members.map((m) => m.text).join(',')}}${around}`)
      const outline = outlineJson(body, POINTERS)!
      expect(hasMember(outline, POINTERS)).toBe(members.some((m) => isOurs(m.name)))
      const spliced = spliceJson(body, outline, POINTERS, JSON_PAIRS).toString()
      const cleaned = spliceJson(body, outline, POINTERS, null).toString()
      const parsed = JSON.parse(spliced) as Record<string, unknown>
      expect(parsed['api_key']).toBe('k')
      expect(parsed['api_secret']).toBe('s"')
      const others = members.filter((m) => !isOurs(m.name))
      expect(JSON.parse(cleaned)).toEqual(JSON.parse(`{${others.map((m) => m.text).join(',')}}`))
      // What is kept is there as it was, in its order.
      for (const text of [spliced, cleaned]) {
        let at = 0
        for (const other of others) {
          const found = text.indexOf(other.text.trim(), at)
          expect(found).toBeGreaterThanOrEqual(at)
          at = found + other.text.trim().length
        }
        expect(
          text.match(/"(api_key|api_secret|api\\u005fsecret)"\s*:/g)?.length ?? 0,
        ).toBeLessThan(text === spliced ? 3 + countNested(others) : 1 + countNested(others))
      }
    }),
  )
})

const countNested = (members: readonly { text: string }[]): number =>
  members.reduce(
    (sum, { text }) =>
      sum + (text.match(/"(api_key|api_secret|api\\u005fsecret)"\s*:/g)?.length ?? 0),
    0,
  )

test.each([
  ['{}', '{"api_key":"k","api_secret":"s\\""}'],
  ['{"api_secret":1}', '{"api_key":"k","api_secret":"s\\""}'],
  ['{"a":1,"api_key":2,"api_key":3}', '{"api_secret":"s\\"","a":1,"api_key":"k"}'],
  ['{"api_key":[{"x":"]}"}],"api_secret":{}}', '{"api_key":"k","api_secret":"s\\""}'],
  ['{"api_key":1,"api_key":2,"b":0,"api_secret":3}', '{"api_key":"k","b":0,"api_secret":"s\\""}'],
])('%s becomes %s', (before, after) => {
  const body = Buffer.from(before)
  expect(spliceJson(body, outlineJson(body, POINTERS)!, POINTERS, JSON_PAIRS).toString()).toBe(
    after,
  )
})

test.each([
  ['{"api_key":1}', '{}'],
  ['{"a":1,"api_key":2,"api_secret":3}', '{"a":1}'],
  ['{"api_key":2,"a":1,"api_secret":3}', '{"a":1}'],
  ['{"api_key":2,"api_secret":3,"a":1}', '{"a":1}'],
])('%s is cleaned to %s', (before, after) => {
  const body = Buffer.from(before)
  expect(spliceJson(body, outlineJson(body, POINTERS)!, POINTERS, null).toString()).toBe(after)
})

test('a member below another one is found by its pointer', () => {
  const wanted = new Set(['/auth/token'])
  const body = Buffer.from('{"token":1,"auth":{"x":[1],"token":"old"},"z":{"token":2}}')
  const spliced = spliceJson(body, outlineJson(body, wanted)!, wanted, [
    { name: '/auth/token', value: '"new"' },
  ])
  expect(spliced.toString()).toBe('{"token":1,"auth":{"x":[1],"token":"new"},"z":{"token":2}}')
  const without = Buffer.from('{"a":1}')
  expect(() =>
    spliceJson(without, outlineJson(without, wanted)!, wanted, [
      { name: '/auth/token', value: '"new"' },
    ]),
  ).toThrow(/lacks the object/)
})
