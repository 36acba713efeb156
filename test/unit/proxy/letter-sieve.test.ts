import fc from 'fast-check'
import { expect, test } from 'vitest'
import { liveVersion } from '../../fakes/version-source.ts'
import { empty, mayHold, put, threeGroups } from '../../../src/proxy/letter-sieve.ts'
import { echoesOf, echoForms } from '../../../src/proxy/render-credential.ts'

test('a text that holds another one is never told not to', () => {
  const any = fc.string({ unit: 'binary', maxLength: 60 })
  const wanted = fc.string({ unit: 'binary', minLength: 4, maxLength: 40 })
  fc.assert(
    fc.property(any, wanted, any, any, (before, text, behind, other) => {
      empty()
      put(other)
      put(before + text + behind)
      expect(mayHold(threeGroups(other.padEnd(4, '-')) + threeGroups(text))).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('every form of a secret is told by those that it is looked for by', () => {
  const forms = echoForms(
    [liveVersion(1, `p&<>"'~ *+/! ä-8fQ2`), liveVersion(2, 'k3y-8fQ2aa', 'previous')],
    { apiKey: 'a1b2c3d4' },
  )
  const { echoGroups, echoes } = echoesOf(forms)
  const listed = echoes.flatMap((echo) => echo.forms)
  expect(listed.length).toBeGreaterThan(20)
  // What holds another one needs none of its own.
  expect(echoGroups.length / 3).toBeLessThan(listed.length)
  for (const form of listed) {
    empty()
    put(`before ${form} behind`)
    expect(mayHold(echoGroups)).toBe(true)
  }
})

test('what most answers say is told apart from a secret', () => {
  const { echoGroups } = echoesOf(echoForms([liveVersion(1, 'rQ7-kX2mB9sTz4wL')], {}))
  for (const text of [
    '3f8a1c52-77d0-4a59-9f0b-2d1f6f0e8a11',
    'max-age=63072000;includeSubDomains',
    'application/json;charset=utf-8',
  ]) {
    empty()
    put(text)
    expect(mayHold(echoGroups)).toBe(false)
  }
})

test('what was put in before is forgotten', () => {
  empty()
  put('a-longer-secret-41')
  empty()
  expect(mayHold(threeGroups('a-longer-secret-41'))).toBe(false)
})
