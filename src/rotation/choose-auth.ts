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
  purpose: 'list' | 'create' | 'revoke' | 'promote',
): Promise<readonly ManagementAuth[]> {
  const own = ({ value }: SecretVersion): ManagementAuth => ({
    account: deps.account,
    secret: value,
  })
  // A promotion is authenticated by what is promoted, whoever manages the account otherwise.
  if (purpose === 'promote') return [own(record.current)]
  if (deps.managedBy !== null) return deps.managedBy()
  if (purpose === 'revoke') return [own(record.current)]
  // The provider has a management token of its own: a second secret would change nothing.
  if (!deps.provider.traits.selfManaged) return [own(record.current)]
  const verdict = (version: SecretVersion) => seen.probes.get(version.generation)?.verdict
  const others = [record.previous, record.pending].filter((version) => version !== null)
  const working = others.filter((version) => verdict(version) === 'accepted').map(own)
  return verdict(record.current) === 'refused'
    ? [...working, own(record.current)]
    : [own(record.current), ...working]
}
