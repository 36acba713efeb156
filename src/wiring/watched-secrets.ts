import type { ManagementAuth, Provider } from '../kernel/ports/provider.ts'
import type { AccountSecret } from '../kernel/ports/rotation-control.ts'
import type { Clock } from '../kernel/ports/clock.ts'
import { CommandRefusedError } from '../kernel/errors.ts'
import type { LiveVersion } from '../kernel/credential.ts'
import { withDeadline } from '../rotation/call-provider.ts'

/**
 * The secrets of an account that Sidekey does not rotate, as its provider lists them now: no id is known by its value here,
 * so those of the configuration come after them, without ids. Changes nothing.
 * @param auths what may ask, the first to try first
 * @param verify asks the provider about each configured value too
 * @throws CommandRefusedError `command-refused` the provider gave no list
 */
export async function watchedSecrets(
  { provider, clock }: { readonly provider: Provider; readonly clock: Clock },
  auths: readonly ManagementAuth[],
  versions: readonly LiveVersion[],
  verify: boolean,
): Promise<readonly AccountSecret[]> {
  const { signal } = new AbortController()
  let answer: Awaited<ReturnType<Provider['list']>> = { kind: 'unauthorized' }
  for (const auth of auths) {
    answer = await withDeadline(clock, signal, (inner) => provider.list(auth, inner))
    if (answer.kind !== 'unauthorized') break
  }
  if (answer.kind !== 'listed') {
    throw new CommandRefusedError(`the provider gave no list: ${answer.kind}`)
  }
  const configured = versions.map(async ({ stage, value }): Promise<AccountSecret> => {
    const ask = (inner: AbortSignal) => provider.verify(value, inner)
    const verdict = verify ? (await withDeadline(clock, signal, ask)).kind : null
    return { id: null, createdAtMs: null, active: false, stage, verdict }
  })
  return [
    ...answer.secrets.map(({ secretId, createdAtMs, active }) => {
      return { id: secretId, createdAtMs, active, stage: null, verdict: null }
    }),
    ...(await Promise.all(configured)),
  ]
}
