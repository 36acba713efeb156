import { z } from 'zod'
import { unreachable } from '../../kernel/errors.ts'
import type {
  CreateAnswer,
  ListAnswer,
  ListedSecret,
  ProviderFailure,
  RevokeAnswer,
} from '../../kernel/ports/provider.ts'
import { commonFailure, isSuccess, UNAVAILABLE } from '../rest/common-answer.ts'
import type { RestAnswer } from '../rest/rest-client.ts'

/** RFC 7807 as this API writes it. Unknown members are ignored, and none is promised. */
const problemSchema = z.object({
  type: z.string().optional(),
  title: z.string().optional(),
  detail: z.string().optional(),
  invalid_parameters: z.array(z.object({ reason: z.string().optional() })).optional(),
})

const secretSchema = z.object({ id: z.string().min(1), created_at: z.string().optional() })
const listSchema = z.object({ _embedded: z.object({ secrets: z.array(secretSchema) }) })

type Problem = z.infer<typeof problemSchema>

type Refusal =
  ProviderFailure | { readonly kind: 'slots-full' | 'invalid-value' | 'last-secret' | 'absent' }

/** The last part of `type` that means one thing only, whatever the status: 403 and 400 carry both, in several editions. */
const MEANING_OF_TYPE: Readonly<Record<string, Refusal>> = {
  'add-excess-secret': { kind: 'slots-full' },
  'maximum-secrets-allowed': { kind: 'slots-full' },
  'delete-last-secret': { kind: 'last-secret' },
  'invalid-api-key': { kind: 'account-not-found' },
  'invalid-id': { kind: 'absent' },
  unprovisioned: { kind: 'forbidden' },
}

/** Where `type` says nothing, in this order. */
const MEANING_OF_DETAIL: readonly (readonly [RegExp, Refusal])[] = [
  [/maximum number/i, { kind: 'slots-full' }],
  [/delete the last secret/i, { kind: 'last-secret' }],
  [/^ID '.*' could not be found/i, { kind: 'absent' }],
  [/^API key '.*' (not found|does not exist)/i, { kind: 'account-not-found' }],
]

/** Reads the answer to a list call. An unreadable list is `unavailable`, never an empty list. */
export function classifyList(answer: RestAnswer | null, nowMs: number): ListAnswer {
  if (answer?.status === 200) {
    const parsed = listSchema.safeParse(answer.body)
    if (!parsed.success) return UNAVAILABLE
    return { kind: 'listed', secrets: byAge(parsed.data._embedded.secrets) }
  }
  return failureOnly(classifyRefusal(answer, nowMs))
}

/** Reads the answer to a create call. A success whose id can't be read is `unavailable`: the list will tell. */
export function classifyCreate(answer: RestAnswer | null, nowMs: number): CreateAnswer {
  if (answer !== null && isSuccess(answer)) {
    const parsed = secretSchema.safeParse(answer.body)
    if (!parsed.success) return UNAVAILABLE
    return { kind: 'created', secretId: parsed.data.id, value: null }
  }
  const refusal = classifyRefusal(answer, nowMs)
  if (refusal.kind === 'slots-full' || refusal.kind === 'invalid-value') {
    return { kind: refusal.kind }
  }
  return failureOnly(refusal)
}

/** Reads the answer to a revoke call. A 404 counts as gone only when it names the id, not the account. */
export function classifyRevoke(answer: RestAnswer | null, nowMs: number): RevokeAnswer {
  if (answer !== null && isSuccess(answer)) return { kind: 'revoked' }
  const refusal = classifyRefusal(answer, nowMs)
  if (refusal.kind === 'absent' || refusal.kind === 'last-secret') return { kind: refusal.kind }
  return failureOnly(refusal)
}

/** The list is not promised in the order of creation, and its instants may tie at one second. */
function byAge(secrets: readonly z.infer<typeof secretSchema>[]): readonly ListedSecret[] {
  return secrets
    .map(({ id, created_at }) => ({
      secretId: id,
      createdAtMs: Date.parse(created_at ?? '') || 0,
      active: true,
    }))
    .toSorted((a, b) => a.createdAtMs - b.createdAtMs)
}

/** What is left after a call's own refusals. One that belongs to another call has come from something else. */
function failureOnly(refusal: Refusal): ProviderFailure {
  switch (refusal.kind) {
    case 'slots-full':
    case 'invalid-value':
    case 'last-secret':
    case 'absent':
      return UNAVAILABLE
    case 'unauthorized':
    case 'forbidden':
    case 'account-not-found':
    case 'throttled':
    case 'unavailable':
      return refusal
    default:
      return unreachable(refusal)
  }
}

/**
 * 401, 429 and 5xx speak by their status (of the text of a 401, four variants are known); every other refusal by `type`
 * first, then by `detail`.
 */
function classifyRefusal(answer: RestAnswer | null, nowMs: number): Refusal {
  const failure = commonFailure(answer, nowMs)
  if (failure !== null) return failure
  const problem = problemSchema.safeParse(answer?.body).data ?? {}
  const meaning = MEANING_OF_TYPE[fragmentOf(problem.type)] ?? meaningOfDetail(problem)
  if (meaning !== null) return meaning
  if (answer?.status === 403) return { kind: 'forbidden' }
  return isValidation(answer?.status, problem) ? { kind: 'invalid-value' } : UNAVAILABLE
}

function fragmentOf(type = ''): string {
  return type.slice(Math.max(type.lastIndexOf('#'), type.lastIndexOf('/')) + 1)
}

function meaningOfDetail(problem: Problem): Refusal | null {
  const reasons = (problem.invalid_parameters ?? []).map(({ reason }) => reason)
  const texts = [problem.detail, problem.title, ...reasons].filter((text) => text !== undefined)
  const found = MEANING_OF_DETAIL.find(([pattern]) => texts.some((text) => pattern.test(text)))
  return found?.[1] ?? null
}

/**
 * The refusal of a duplicate value is a 400 whose text nobody has published, so every 400 or 422 that is written as a
 * problem counts. A page of a gateway in between does not.
 */
function isValidation(status: number | undefined, problem: Problem): boolean {
  if (status !== 400 && status !== 422) return false
  return problem.type !== undefined || problem.title !== undefined || problem.detail !== undefined
}
