import {
  type CredentialRecord,
  type SecretVersion,
  type Stage,
  hasValue,
} from '../kernel/credential.ts'
import { CommandRefusedError } from '../kernel/errors.ts'
import type { AccountSecret } from '../kernel/ports/rotation-control.ts'
import { callProvider, withDeadline } from './call-provider.ts'
import type { RotatorDeps } from './context.ts'

/**
 * The account's secrets as the provider lists them now, each with the stage that Sidekey knows it as; a version of the
 * record that the list does not show comes after them. Changes nothing.
 * @param verify asks the provider about each known value too, one call per service and version
 * @throws CommandRefusedError `command-refused` the provider gave no list
 */
export async function accountSecrets(
  deps: RotatorDeps,
  record: CredentialRecord,
  verify: boolean,
): Promise<readonly AccountSecret[]> {
  const { signal } = new AbortController()
  const known = knownVersions(record)
  const usable = known.filter(([, version]) => hasValue(version))
  const own = usable.map(([, { value }]) => ({ account: deps.account, secret: value }))
  const auths = deps.managedBy === null ? own : await deps.managedBy()
  const answer = await callProvider(deps, 'list', auths, signal, (auth, inner) =>
    deps.provider.list(auth, inner),
  )
  if (answer.kind !== 'listed') {
    throw new CommandRefusedError(`the provider gave no list: ${answer.kind}`)
  }
  const verdictOf = async (version: SecretVersion | null) => {
    if (!verify || version === null || !hasValue(version)) return null
    const ask = (inner: AbortSignal) => deps.provider.verify(version.value, inner)
    return (await withDeadline(deps.clock, signal, ask)).kind
  }
  const listed = answer.secrets.map(async ({ secretId, createdAtMs, active }) => {
    const [stage = null, version = null] = known.find(([, v]) => v.secretId === secretId) ?? []
    return { id: secretId, createdAtMs, active, stage, verdict: await verdictOf(version) }
  })
  const unlisted = known
    .filter(([, { secretId }]) => !answer.secrets.some((one) => one.secretId === secretId))
    .map(async ([stage, version]) => ({
      id: version.secretId,
      createdAtMs: version.createdAtMs,
      active: false,
      stage,
      verdict: await verdictOf(version),
    }))
  return Promise.all([...listed, ...unlisted])
}

function knownVersions(record: CredentialRecord): readonly (readonly [Stage, SecretVersion])[] {
  const { current, pending, previous } = record
  return [
    ...(hasValue(current) ? [['current', current] as const] : []),
    ...(pending === null ? [] : [['pending', pending] as const]),
    ...(previous === null ? [] : [['previous', previous] as const]),
  ]
}
