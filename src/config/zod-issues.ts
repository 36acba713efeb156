import { z } from 'zod'
import { type Findings, formatPath } from './findings.ts'
import { Refusal } from './refusal.ts'
import { suggest } from './suggest.ts'
import type { Path } from './yaml-document.ts'

type Issue = z.core.$ZodIssue

/** Parses a part of the file; what is wrong lands in `findings` below `base`, and the result is null. */
export function parsePart<Schema extends z.ZodType>(
  schema: Schema,
  content: unknown,
  base: Path,
  findings: Findings,
): z.output<Schema> | null {
  const result = schema.safeParse(content, { error: knownKeys })
  if (result.success) return result.data
  const found = result.error.issues.flatMap((issue) => explain(issue, [], content))
  // A slip of the pen makes one key unknown and another one missing; to say the first is enough.
  const meant = new Set(
    found.flatMap(({ meant }) => (meant === undefined ? [] : formatPath(meant))),
  )
  for (const { path, refusal, missing } of found) {
    if (missing === true && meant.has(formatPath(path))) continue
    findings.error([...base, ...path], refusal)
  }
  return null
}

interface Explained {
  readonly path: Path
  readonly refusal: Refusal
  readonly missing?: boolean
  /** The key that was probably meant by an unknown one. */
  readonly meant?: Path
}

/** How zod's own messages start; any other one was written by the author of a key, who shows no value in it. */
const ZOD_WORDING = /^(Invalid|Too |Unrecognized)/

/** zod shows the schema only to its error map, so the keys that are known travel in the message. */
const knownKeys: z.core.$ZodErrorMap = (issue) =>
  issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject
    ? Object.keys(issue.inst.shape).join(' ')
    : undefined

function explain(issue: Issue, parent: Path, content: unknown): readonly Explained[] {
  const path = [...parent, ...issue.path.map(step)]
  const value = valueAt(content, path)
  const own = Refusal.parse(issue.message)
  if (value === undefined && issue.code !== 'unrecognized_keys') {
    const refusal = new Refusal('is missing', `add \`${String(path.at(-1) ?? '')}\` here`)
    return [{ path, refusal, missing: true }]
  }
  if (own !== null) return [{ path, refusal: own }]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(path, key, issue.message.split(' ')))
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return bestBranch(issue.errors).flatMap((inner) => explain(inner, path, content))
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.flatMap((inner) => explain(inner, path, content))
  }
  return [{ path, refusal: describe(issue, value) }]
}

/** The alternative that was most probably meant: the one with the least to correct. */
function bestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  return branches.reduce((best, next) => (distance(next) < distance(best) ? next : best))
}

/** Another type or another word at the very place weighs more than a wrong key, and that more than what is inside. */
function distance(issues: readonly Issue[]): number {
  const weights = issues.map((issue) => {
    if (issue.path.length > 0) return 1
    if (issue.code === 'unrecognized_keys') {
      const known = issue.message.split(' ')
      const weights = issue.keys.map((key): number => (suggest(key, known) === null ? 10 : 5))
      return weights.reduce((sum, weight) => sum + weight)
    }
    if (issue.code === 'invalid_union') return Math.min(...issue.errors.map(distance))
    return issue.code === 'invalid_type' || issue.code === 'invalid_value' ? 100 : 1
  })
  return weights.reduce((sum, weight) => sum + weight, 0)
}

function unknownKey(path: Path, key: string, known: readonly string[]): Explained {
  const meant = suggest(key, known)
  if (meant === null) {
    const remedy = `the keys here are ${known.join(', ')}`
    return { path: [...path, key], refusal: new Refusal('unknown key', remedy) }
  }
  const refusal = new Refusal('unknown key', `did you mean \`${meant}\`?`)
  return { path: [...path, key], refusal, meant: [...path, meant] }
}

function describe(issue: Issue, value: unknown): Refusal {
  if (!ZOD_WORDING.test(issue.message)) {
    return new Refusal('is not valid here', issue.message)
  }
  if (issue.code === 'invalid_type') return wrongType(issue.expected, value)
  if (issue.code === 'invalid_value') return oneOf(issue.values.map(String), value)
  if (issue.code === 'invalid_union') {
    return oneOf(words('options' in issue ? issue.options : []), value)
  }
  if (issue.code === 'too_small') {
    return new Refusal('is too small or empty', `give at least ${issue.minimum}`)
  }
  if (issue.code === 'too_big') return new Refusal('is too large', `give at most ${issue.maximum}`)
  return new Refusal('is not valid here', 'see what is possible: sidekey schema')
}

function wrongType(expected: string, value: unknown): Refusal {
  switch (expected) {
    case 'string':
      return typeof value === 'number' || typeof value === 'boolean'
        ? new Refusal('is no text', 'put it in quotes')
        : new Refusal('is no text', 'write a text here')
    case 'object':
    case 'record':
      return new Refusal('is no mapping', 'write keys and values below it')
    case 'array':
      return new Refusal('is no list', 'write a list: lines that start with a hyphen')
    case 'boolean':
      return new Refusal('is neither true nor false', 'write true or false')
    default:
      return new Refusal('is no whole number', 'write a number without quotes')
  }
}

/** The value itself is not shown; what it resembles is one of the options. */
function oneOf(options: readonly string[], value: unknown): Refusal {
  const meant = typeof value === 'string' ? suggest(value, options) : null
  return new Refusal(
    'is none of the words that are possible here',
    meant === null ? `write ${options.join(' or ')}` : `did you mean \`${meant}\`?`,
  )
}

function words(options: unknown): readonly string[] {
  return Array.isArray(options) ? options.map(String) : []
}

function valueAt(content: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined,
    content,
  )
}

function step(key: PropertyKey): string | number {
  return typeof key === 'number' ? key : String(key)
}
