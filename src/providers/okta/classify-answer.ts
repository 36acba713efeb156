import { z } from 'zod'
import type { CreateAnswer, ListAnswer, ProviderFailure } from '../../kernel/ports/provider.ts'
import { commonFailure, isSuccess, UNAVAILABLE } from '../rest/common-answer.ts'
import type { RestAnswer } from '../rest/rest-client.ts'

/** Only what identifies a secret is taken out of an answer: its value stands there too, and stays there. */
const secretSchema = z.object({
  id: z.string().min(1),
  created: z.string().optional(),
  status: z.string().optional(),
})

/** The API's own error body. */
const errorSchema = z.object({
  errorSummary: z.string().optional(),
  errorCauses: z.array(z.object({ errorSummary: z.string().optional() })).optional(),
})

/** The only sign of full slots: an E0000001 like any other validation error. */
const SLOTS_FULL = /maximum number of client secrets/i

/** Reads the answer to a list call. An unreadable list is `unavailable`, never an empty list. */
export function classifyList(answer: RestAnswer | null, nowMs: number): ListAnswer {
  if (answer?.status === 200) {
    const parsed = z.array(secretSchema).safeParse(answer.body)
    if (!parsed.success) return UNAVAILABLE
    const secrets = parsed.data.map(({ id, created, status }) => ({
      secretId: id,
      createdAtMs: Date.parse(created ?? '') || 0,
      active: status !== 'INACTIVE',
    }))
    return { kind: 'listed', secrets: secrets.toSorted((a, b) => a.createdAtMs - b.createdAtMs) }
  }
  return classifyFailure(answer, nowMs)
}

/** Reads the answer to a create call. A success whose id can't be read is `unavailable`: the list will tell. */
export function classifyCreate(answer: RestAnswer | null, nowMs: number): CreateAnswer {
  if (answer !== null && isSuccess(answer)) {
    const parsed = secretSchema.safeParse(answer.body)
    return parsed.success ? { kind: 'created', secretId: parsed.data.id, value: null } : UNAVAILABLE
  }
  if (answer?.status !== 400) return classifyFailure(answer, nowMs)
  const error = errorSchema.safeParse(answer.body)
  if (!error.success) return UNAVAILABLE
  const { errorSummary, errorCauses = [] } = error.data
  const texts = [errorSummary, ...errorCauses.map((cause) => cause.errorSummary)]
  return texts.some((text) => text !== undefined && SLOTS_FULL.test(text))
    ? { kind: 'slots-full' }
    : { kind: 'invalid-value' }
}

/** What is left of any call: a 404 of the collection means the app. */
export function classifyFailure(answer: RestAnswer | null, nowMs: number): ProviderFailure {
  const failure = commonFailure(answer, nowMs)
  if (failure !== null) return failure
  if (answer?.status === 403) return { kind: 'forbidden' }
  return answer?.status === 404 ? { kind: 'account-not-found' } : UNAVAILABLE
}
