import { z } from 'zod'
import type { RestAnswer } from '../rest/rest-client.ts'
import { jsonPointer, valuesAt } from './json-pointer.ts'

const PATTERN_LENGTH_MAX = 500

const patternSchema = () =>
  z
    .string()
    .max(PATTERN_LENGTH_MAX)
    .transform((source, context): string => {
      try {
        void new RegExp(source, 'i')
        return source
      } catch {
        context.addIssue({ code: 'custom', message: 'is no regular expression' })
        return z.NEVER
      }
    })
    .meta({ description: 'A regular expression, upper and lower case alike.' })

const statusSchema = () =>
  z.union([z.int().min(100).max(599), z.array(z.int().min(100).max(599)).min(1)])

/** How an answer is recognized; what it does not say does not matter. */
export const matcherShape = () => ({
  status: statusSchema().meta({ description: 'The status, or several.' }),
  json: jsonPointer('Where to look in the body; * stands for every element of a list.').optional(),
  matches: patternSchema().optional(),
})

export const matcherSchema = () => z.strictObject(matcherShape())

export type Matcher = z.output<ReturnType<typeof matcherSchema>>

/** Whether an answer is the one that is described. A pointer alone asks that there is something. */
export function isMatch(answer: RestAnswer, { status, json, matches }: Matcher): boolean {
  const statuses = typeof status === 'number' ? [status] : status
  if (!statuses.includes(answer.status)) return false
  if (json === undefined && matches === undefined) return true
  const values = valuesAt(answer.body, json ?? [])
  if (matches === undefined) return values.length > 0
  const pattern = new RegExp(matches, 'i')
  return values.some((value) => pattern.test(textOf(value)))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
