import { expect, test } from 'vitest'
import { Sharing } from '../../../src/config/sharing.ts'

test('equal parts become one object', () => {
  const sharing = new Sharing()
  const first = sharing.of({ everyMs: 1, windows: [] })
  expect(sharing.of({ everyMs: 1, windows: [] })).toBe(first)
  expect(sharing.of({ everyMs: 2, windows: [] })).toEqual({ everyMs: 2, windows: [] })
})

test('parts that JSON alone does not tell apart stay what they are', () => {
  const sharing = new Sharing()
  sharing.of({ pattern: /a/ })
  expect(sharing.of({ pattern: /b/ })).toEqual({ pattern: /b/ })
  expect(sharing.of(undefined)).toBeUndefined()
})
