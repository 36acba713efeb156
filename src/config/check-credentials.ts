import type { Findings } from './findings.ts'
import { Refusal } from './refusal.ts'
import { suggest } from './suggest.ts'
import type { Credential } from './types.ts'

/** A manager exists, is of the same provider, and nobody manages himself, not even through others. */
export function checkManagers(
  credentials: readonly Credential[],
  ids: readonly string[],
  findings: Findings,
): void {
  const byId = new Map(credentials.map((credential) => [credential.id, credential]))
  const known = new Set(ids)
  for (const { id, managedBy, providerName } of credentials) {
    const path = ['credentials', id, 'managedBy']
    if (managedBy === null) continue
    if (!known.has(managedBy)) {
      findings.error(path, unknownCredential(managedBy, ids))
      continue
    }
    const manager = byId.get(managedBy)
    if (manager !== undefined && manager.providerName !== providerName) {
      findings.error(
        path,
        new Refusal('is a credential of another provider', 'name one of the same provider'),
      )
    }
    if (managesItself(id, byId)) {
      findings.error(
        path,
        new Refusal('leads back to this credential', 'let one of them manage itself'),
      )
    }
  }
}

/** Two rotations of one account would revoke each other's secrets. */
export function checkAccounts(credentials: readonly Credential[], findings: Findings): void {
  const seen = new Set<string>()
  for (const { id, providerName, account, rotation } of credentials) {
    if (rotation === null || account === '') continue
    const key = `${providerName} ${account}`
    if (seen.has(key)) {
      findings.error(
        ['credentials', id],
        new Refusal('rotates the account of an earlier credential', 'remove one of the two'),
      )
    }
    seen.add(key)
  }
}

function managesItself(id: string, byId: ReadonlyMap<string, Credential>): boolean {
  const seen = new Set<string>()
  for (let at = byId.get(id)?.managedBy; at && !seen.has(at); at = byId.get(at)?.managedBy) {
    if (at === id) return true
    seen.add(at)
  }
  return false
}

/** What is said of a reference that leads nowhere. The reference itself is not shown. */
export function unknownCredential(written: string, known: readonly string[]): Refusal {
  const meant = suggest(written, known)
  const remedy =
    meant === null
      ? `name one of: ${known.join(', ') || 'none, since there are no credentials'}`
      : `did you mean \`${meant}\`?`
  return new Refusal('refers to a credential that does not exist', remedy)
}
