import { z } from 'zod'
import type { ManagementAuth, VerifyAnswer } from '../../kernel/ports/provider.ts'
import { inconclusive } from '../rest/common-answer.ts'
import type { RestAnswer, RestClient } from '../rest/rest-client.ts'
import { classifyList } from './classify-answer.ts'
import type { BaseUrls } from './host-urls.ts'

/** The balance proves that the rest host has read the credential; a page that says 200 for anything does not. */
const balanceSchema = z.object({ value: z.union([z.number(), z.string()]) })

/**
 * Authenticates at both hosts, which may learn of a secret at different times: the balance (rest) and the list of
 * secrets (api). Refused by one is refused; accepted means accepted by both.
 */
export async function verifySecret(
  client: RestClient,
  baseUrls: Pick<BaseUrls, 'api' | 'rest'>,
  { account, secret }: ManagementAuth,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<VerifyAnswer> {
  const list = `/accounts/${encodeURIComponent(account)}/secrets`
  const read = (origin: string, path: string) => {
    const basic = { username: account, password: secret }
    return client.send({ origin, method: 'GET', path, basic }, signal)
  }
  const [rest, secrets] = await Promise.all([
    read(baseUrls.rest, '/account/get-balance'),
    read(baseUrls.api, list),
  ])
  const answers = [judgeBalance(rest, nowMs()), judgeList(secrets, nowMs())]
  return (
    answers.find(({ kind }) => kind === 'refused') ??
    answers.find(({ kind }) => kind === 'inconclusive') ?? { kind: 'accepted' }
  )
}

function judgeBalance(answer: RestAnswer | null, nowMs: number): VerifyAnswer {
  if (answer?.status === 401) return { kind: 'refused', service: 'rest' }
  if (answer?.status === 200 && balanceSchema.safeParse(answer.body).success) {
    return { kind: 'accepted' }
  }
  return inconclusive('rest', answer, nowMs)
}

function judgeList(answer: RestAnswer | null, nowMs: number): VerifyAnswer {
  const { kind } = classifyList(answer, nowMs)
  if (kind === 'unauthorized') return { kind: 'refused', service: 'api' }
  return kind === 'listed' ? { kind: 'accepted' } : inconclusive('api', answer, nowMs)
}
