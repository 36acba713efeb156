import type { VerifyAnswer } from '../../kernel/ports/provider.ts'
import type { SecretValue } from '../../kernel/secret-value.ts'
import { inconclusive } from '../rest/common-answer.ts'
import type { RestAnswer, RestClient } from '../rest/rest-client.ts'
import type { HttpApi, HttpOptions } from './keys.ts'
import { isMatch } from './matcher.ts'
import { renderCall } from './render-call.ts'

type Probe = HttpApi['verify'][number]

/** Asks every service at once, since each may learn of a secret at its own time. Refused by one is refused. */
export async function verifySecret(
  client: RestClient,
  { account, api }: HttpOptions,
  secret: SecretValue,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<VerifyAnswer> {
  const words = { account, secret }
  const answers = await Promise.all(
    api.verify.map(async (probe) => {
      const origin = new URL(probe.baseUrl ?? api.baseUrl).origin
      const call = renderCall({ ...probe, origin, placement: probe }, words, words)
      return judge(probe, await client.send(call, signal), nowMs())
    }),
  )
  return (
    answers.find(({ kind }) => kind === 'refused') ??
    answers.find(({ kind }) => kind === 'inconclusive') ?? { kind: 'accepted' }
  )
}

function judge(probe: Probe, answer: RestAnswer | null, nowMs: number): VerifyAnswer {
  if (answer === null) return inconclusive(probe.service, null, nowMs)
  if (probe.refuse.some((matcher) => isMatch(answer, matcher))) {
    return { kind: 'refused', service: probe.service }
  }
  if (probe.accept.some((matcher) => isMatch(answer, matcher))) return { kind: 'accepted' }
  return inconclusive(probe.service, answer, nowMs)
}
