import { z } from 'zod'
import type {
  CreateAnswer,
  PromoteAnswer,
  ProviderFailure,
  RevokeAnswer,
} from '../../kernel/ports/provider.ts'
import { SecretValue } from '../../kernel/secret-value.ts'
import { commonFailure, isSuccess, UNAVAILABLE } from '../rest/common-answer.ts'
import type { RestAnswer } from '../rest/rest-client.ts'

/** The account resource; the rest of it is of no concern. */
export const accountSchema = z.object({ sid: z.string() })

/** The value becomes a secret where it is parsed. */
const createdSchema = z.object({
  account_sid: z.string(),
  secondary_auth_token: z
    .string()
    .min(1)
    .transform((text) => new SecretValue(text)),
})

const errorSchema = z.object({ code: z.number() })

/** A secondary token exists already. Known from a public client library; checked 2026-11-24. */
const SECONDARY_EXISTS = 70002

interface CreateContext {
  readonly account: string
  /** What the new token is called while it is the secondary. */
  readonly secretId: string
  readonly nowMs: number
}

/** Reads the answer to a create call. A success without a readable value is `unavailable`: the value is lost. */
export function classifyCreate(
  answer: RestAnswer | null,
  { account, secretId, nowMs }: CreateContext,
): CreateAnswer {
  if (answer !== null && isSuccess(answer)) {
    const parsed = createdSchema.safeParse(answer.body)
    if (!parsed.success || parsed.data.account_sid !== account) return UNAVAILABLE
    return { kind: 'created', secretId, value: parsed.data.secondary_auth_token }
  }
  if (answer?.status === 400) {
    const code = errorSchema.safeParse(answer.body).data?.code
    return code === SECONDARY_EXISTS ? { kind: 'slots-full' } : UNAVAILABLE
  }
  // The path has no variable part: the API is not enabled for this account.
  if (answer?.status === 404) return { kind: 'forbidden' }
  return failureOf(answer, nowMs)
}

/** Reads the answer to the deletion of the secondary. */
export function classifyRevoke(answer: RestAnswer | null, nowMs: number): RevokeAnswer {
  if (answer !== null && isSuccess(answer)) return { kind: 'revoked' }
  return answer?.status === 404 ? { kind: 'absent' } : failureOf(answer, nowMs)
}

/** Reads the answer to a promotion. */
export function classifyPromote(answer: RestAnswer | null, nowMs: number): PromoteAnswer {
  if (answer !== null && isSuccess(answer)) return { kind: 'promoted' }
  return answer?.status === 404 ? { kind: 'absent' } : failureOf(answer, nowMs)
}

function failureOf(answer: RestAnswer | null, nowMs: number): ProviderFailure {
  const failure = commonFailure(answer, nowMs)
  if (failure !== null) return failure
  return answer?.status === 403 ? { kind: 'forbidden' } : UNAVAILABLE
}
