import type { SecretSource } from '../kernel/secret-source.ts'
import type { Findings } from './findings.ts'
import type { ProviderModule } from './provider-module.ts'
import { Refusal } from './refusal.ts'
import type { Credential, CredentialSources } from './types.ts'

/** The provider's own further secrets; one that its options need and that is missing is an error. */
export function otherSecrets(
  { id, options, rotation }: Credential,
  { secretKeys = {} }: ProviderModule,
  parsed: Readonly<Record<string, unknown>>,
  findings: Findings,
): Pick<CredentialSources, 'others'> {
  const given: Record<string, SecretSource> = {}
  for (const [key, secretKey] of Object.entries(secretKeys)) {
    const source = parsed[key]
    // What stands here went through the schema of a source.
    if (source !== undefined) given[key] = source as SecretSource
    else if (rotation !== null && secretKey.isNeeded(options)) {
      const refusal = new Refusal('is missing', `add \`${key}\`: { file: … } or { env: … }`)
      findings.error(['credentials', id, key], refusal)
    }
  }
  return Object.keys(given).length === 0 ? {} : { others: given }
}
