import { z } from 'zod'
import type { ManagementAuth, VerifyAnswer } from '../../kernel/ports/provider.ts'
import type { AccountApi, ApiAnswer } from './account-api.ts'
import { classifyList } from './classify-answer.ts'
import type { BaseUrls } from './host-urls.ts'
import { retryAfterMs } from './retry-after.ts'

/** The balance proves that the rest host has read the credential; a page that says 200 for anything does not. */
const balanceSchema = z.object({ value: z.union([z.number(), z.string()]) })

/**
 * Authenticates at both hosts, which may learn of a secret at different times: the balance (rest) and the list of
 * secrets (api). Refused by one is refused; accepted means accepted by both.
 */
export async function verifySecret(
  api: AccountApi,
  baseUrls: Pick<BaseUrls, 'api' | 'rest'>,
  auth: ManagementAuth,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<VerifyAnswer> {
  const list = `/accounts/${encodeURIComponent(auth.account)}/secrets`
  const [rest, secrets] = await Promise.all([
    api.send({ origin: baseUrls.rest, method: 'GET', path: '/account/get-balance', auth }, signal),
    api.send({ origin: baseUrls.api, method: 'GET', path: list, auth }, signal),
  ])
  const answers = [judgeBalance(rest, nowMs()), judgeList(secrets, nowMs())]
  return (
    answers.find(({ kind }) => kind === 'refused') ??
    answers.find(({ kind }) => kind === 'inconclusive') ?? { kind: 'accepted' }
  )
}

function judgeBalance(answer: ApiAnswer | null, nowMs: number): VerifyAnswer {
  if (answer?.status === 401) return { kind: 'refused', service: 'rest' }
  if (answer?.status === 200 && balanceSchema.safeParse(answer.body).success) {
    return { kind: 'accepted' }
  }
  return inconclusive('rest', answer, nowMs)
}

function judgeList(answer: ApiAnswer | null, nowMs: number): VerifyAnswer {
  const { kind } = classifyList(answer, nowMs)
  if (kind === 'unauthorized') return { kind: 'refused', service: 'api' }
  return kind === 'listed' ? { kind: 'accepted' } : inconclusive('api', answer, nowMs)
}

function inconclusive(service: string, answer: ApiAnswer | null, nowMs: number): VerifyAnswer {
  const throttled = answer?.status === 429
  return {
    kind: 'inconclusive',
    service,
    retryAfterMs: throttled ? retryAfterMs(answer, nowMs) : null,
  }
}
