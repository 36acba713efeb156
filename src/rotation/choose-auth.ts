import type { SecretVersion } from '../kernel/credential.ts'
import type { ManagementAuth } from '../kernel/ports/provider.ts'
import type { Moment, RotatorDeps } from './context.ts'

/**
 * Which secrets may authenticate a management call, the first to try first. A revoke is
 * authenticated by what must remain: the primary's secret, or current, never the one that is being
 * deleted.
 */
export async function chooseAuth(
  deps: RotatorDeps,
  { record, seen }: Moment,
  purpose: 'list' | 'create' | 'revoke',
): Promise<readonly ManagementAuth[]> {
  if (deps.managedBy !== null) return deps.managedBy()
  const own = ({ value }: SecretVersion): ManagementAuth => ({
    account: deps.account,
    secret: value,
  })
  if (purpose === 'revoke') return [own(record.current)]
  const verdict = (version: SecretVersion) => seen.probes.get(version.generation)?.verdict
  const others = [record.previous, record.pending].filter((version) => version !== null)
  const working = others.filter((version) => verdict(version) === 'accepted').map(own)
  return verdict(record.current) === 'refused'
    ? [...working, own(record.current)]
    : [own(record.current), ...working]
}
