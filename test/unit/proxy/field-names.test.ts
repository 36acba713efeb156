import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FieldNames } from '../../../src/proxy/field-names.ts'
import { canonicalName } from '../../../src/proxy/hop-headers.ts'

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}$/)

test('no field that is one of them is passed over, however its name is written', () => {
  fc.assert(
    fc.property(
      fc.array(token, { maxLength: 8 }),
      fc.infiniteStream(fc.boolean()),
      (names, flips) => {
        const set = new FieldNames(names.map(canonicalName))
        const flipped = (letter: string) => (flips.next().value ? letter.toUpperCase() : letter)
        for (const name of names) {
          const written = canonicalName(name).replaceAll(/./g, (letter) =>
            letter === '-' && flips.next().value ? '_' : flipped(letter),
          )
          expect(set.mayHave(written)).toBe(true)
          expect(set.has(canonicalName(written))).toBe(true)
        }
      },
    ),
  )
})

test('most fields of a message are seen to be none of them', () => {
  const set = new FieldNames(['x-api-key', 'authorization'])
  for (const name of ['User-Agent', 'Accept', 'Accept-Encoding', 'Content-Type', '']) {
    expect(set.mayHave(name)).toBe(false)
  }
})
