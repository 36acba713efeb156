import { expect, test } from 'vitest'
import { foldIssues } from '../../../src/config/fold-issues.ts'

function issues(count: number, message: string) {
  return Array.from({ length: count }, (_, index) => ({
    path: `credentials.c${index}`,
    line: index + 1,
    message,
    remedy: 'do otherwise',
  }))
}

test('of thousands that say the same, three are shown and the others counted', () => {
  const folded = foldIssues([...issues(10_000, 'has one secret'), ...issues(2, 'is short')])
  expect(folded.map(({ path, message }) => `${path} ${message}`)).toEqual([
    'credentials.c0 has one secret',
    'credentials.c1 has one secret',
    'credentials.c2 has one secret',
    ' and 9,997 more like this: has one secret',
    'credentials.c0 is short',
    'credentials.c1 is short',
  ])
})

test('a few are all shown, in their order', () => {
  const [one, two, three, four] = issues(4, 'a')
  const [other] = issues(1, 'b')
  const given = [one, other, two, three, four].flatMap((issue) => issue ?? [])
  expect(foldIssues(given)).toEqual(given)
})
