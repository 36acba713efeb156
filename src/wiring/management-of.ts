import type { ManagementAuth } from '../kernel/ports/provider.ts'
import type { VersionSource } from '../kernel/ports/version-source.ts'

/**
 * What authenticates the management calls for a secondary account: what requests of its primary may use, the first to
 * try first. Read anew for each call, since the primary rotates too.
 *
 * Rejects with the errors of `VersionSource.load`.
 */
export async function managementOf(
  account: string,
  primary: Pick<VersionSource, 'load'>,
): Promise<readonly ManagementAuth[]> {
  const { versions } = await primary.load()
  return versions.map(({ value }) => ({ account, secret: value }))
}
