import { RefusedError } from '../kernel/errors.ts'
import { compilePathPatterns, type PathMatcher } from './path-pattern.ts'
import type { AllowRule } from '../kernel/route.ts'

/** A path that servers read in different ways, so that no decision about it would hold upstream. */
export class MalformedPathError extends RefusedError {
  constructor(message: string) {
    super('path-refused', message)
  }
}

/** An allow list, compiled. Null: everything. */
export type AllowList = readonly CompiledAllow[] | null

interface CompiledAllow {
  readonly methods: ReadonlySet<string> | null
  readonly matches: PathMatcher
}

export function compileAllow(rules: readonly AllowRule[] | null): AllowList {
  if (rules === null) return null
  return rules.map((rule) => ({
    methods: rule.methods === null ? null : new Set(rule.methods),
    matches: compilePathPatterns(rule.paths),
  }))
}

/**
 * Decides on the raw bytes of the upstream's path, which are then forwarded as they are.
 * @throws RefusedError `path-refused` or `method-not-allowed`
 */
export function vetPath(path: string, method: string, allow: AllowList): void {
  if (SUSPECT.test(path)) vetSuspect(path, allow !== null)
  if (path.startsWith('//')) {
    throw new RefusedError('path-refused', 'the path starts with two slashes')
  }
  if (allow === null) return
  const reached = allow.filter((rule) => rule.matches(path))
  if (reached.length === 0)
    throw new RefusedError('path-refused', 'the path is not on the allow list')
  if (!reached.some((rule) => rule.methods === null || rule.methods.has(method))) {
    throw new RefusedError('method-not-allowed', 'the method is not on the allow list')
  }
}

/** Anything that the rules below could refuse; most paths have none of it. */
const SUSPECT = /[^\x21-\x7e]|[\\#%]|\/\./

const DOT_SEGMENT = /^(?:\.|%2e){1,2}(?:;.*)?$/i

function vetSuspect(path: string, guarded: boolean): void {
  if (/[^\x21-\x7e]|[\\#]|%00|%5c/i.test(path)) {
    throw new MalformedPathError('the path holds a character that servers read differently')
  }
  // Encoded separators are honest in identifiers; beside an allow list they could move the request elsewhere.
  if (guarded && /%2f|%23/i.test(path)) {
    throw new MalformedPathError('the path holds an encoded separator')
  }
  if (path.split(/\/|%2f/i).some((segment) => DOT_SEGMENT.test(segment))) {
    throw new MalformedPathError('the path holds a dot segment')
  }
}
