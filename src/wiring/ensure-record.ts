import type { Log } from '../kernel/ports/log.ts'
import { SecretAwayError } from './credential-secrets.ts'
import type { CredentialUnit } from './credential-unit.ts'

/**
 * Makes the records that are missing: all at once, since `WriteBehind` tells a burst by how many wait, and lets no start wait
 * for the disk then. @throws what the first of those that failed has thrown
 */
export async function ensureRecords(units: readonly CredentialUnit[], log: Log): Promise<void> {
  const ensured = await Promise.allSettled(units.map((unit) => ensureRecord(unit, log)))
  const failed = ensured.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/**
 * Makes the first record of a credential that Sidekey rotates. Where the server that holds its first secret is away, that
 * credential alone is not ready; its rotation tries again.
 * @throws ConfigError, StoreUnavailableError, StoreUnreadableError as `Rotator.ensureRecord`
 */
async function ensureRecord({ config, rotator }: CredentialUnit, log: Log): Promise<void> {
  try {
    await rotator?.ensureRecord()
  } catch (error) {
    if (!(error instanceof SecretAwayError)) throw error
    log.warn('credential waits for its secret source', { credential: config.id })
  }
}
