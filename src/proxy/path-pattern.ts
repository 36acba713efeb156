import type { PathPattern } from '../kernel/route.ts'

/** Whether a raw path, without its query, is meant. */
export type PathMatcher = (path: string) => boolean

/**
 * Compiles a pattern: literal segments, `*` for one segment that is not empty, `**` at the end for any number, none
 * included. Anchored at both ends, case-sensitive, no decoding.
 */
export function compilePathPattern(pattern: PathPattern): PathMatcher {
  if (!pattern.includes('*')) return (path) => path === pattern
  if (pattern === '/**') return () => true
  const open = pattern.endsWith('/**')
  const stem = open ? pattern.slice(0, -3) : pattern
  if (!stem.includes('*')) return (path) => path === stem || path.startsWith(`${stem}/`)
  const wanted = stem.split('/')
  return (path) => {
    const segments = path.split('/')
    if (open ? segments.length < wanted.length : segments.length !== wanted.length) return false
    return wanted.every((segment, i) =>
      segment === '*' ? segments[i] !== '' : segments[i] === segment,
    )
  }
}

/** Compiles several: one of them must match. */
export function compilePathPatterns(patterns: readonly PathPattern[]): PathMatcher {
  const matchers = patterns.map(compilePathPattern)
  const [only] = matchers
  if (only !== undefined && matchers.length === 1) return only
  return (path) => matchers.some((matches) => matches(path))
}
