import type { ConfigIssue } from '../kernel/errors.ts'

/** So many of the issues that say the same are shown; thousands of accounts may share one. */
const ALIKE_MAX = 3

/** The issues in their order; of those that say the same, the first few, and the last of these tells how many more there are. */
export function foldIssues(issues: readonly ConfigIssue[]): readonly ConfigIssue[] {
  const alike = Map.groupBy(issues, ({ message, remedy }) => `${message}\n${remedy}`)
  const closing = new Map<ConfigIssue, number>()
  const hidden = new Set<ConfigIssue>()
  for (const group of alike.values()) {
    // One more line would not be shorter than the issue itself.
    if (group.length <= ALIKE_MAX + 1) continue
    const last = group[ALIKE_MAX - 1]
    if (last !== undefined) closing.set(last, group.length - ALIKE_MAX)
    for (const issue of group.slice(ALIKE_MAX)) hidden.add(issue)
  }
  return issues.flatMap((issue) => {
    if (hidden.has(issue)) return []
    const more = closing.get(issue)
    return more === undefined ? issue : [issue, countOf(issue, more)]
  })
}

function countOf({ message, remedy }: ConfigIssue, more: number): ConfigIssue {
  return {
    path: '',
    line: null,
    message: `and ${more.toLocaleString('en-US')} more like this: ${message}`,
    remedy,
  }
}
